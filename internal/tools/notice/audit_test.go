// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

func TestALicenceThatIsNotAllowedIsRefused(t *testing.T) {
	const mit, gpl, lgpl = "Permission is hereby granted, free of charge", "GNU GENERAL PUBLIC LICENSE", "GNU LESSER GENERAL PUBLIC LICENSE"
	for _, c := range []struct {
		name    string
		systems []string
		texts   []string
		want    string
	}{
		{"mit", []string{"linux", "windows"}, []string{mit}, ""},
		{"gpl on windows", []string{"windows"}, []string{gpl}, ""},
		{"gpl on linux", []string{"linux", "windows"}, []string{gpl}, "it is linked for linux, where the licence GPL-3.0 is not allowed"},
		{"gpl beside mit", []string{"darwin"}, []string{mit, gpl}, "it is linked for darwin"},
		{"lgpl", []string{"windows"}, []string{lgpl}, "the licence LGPL-3.0 is not allowed"},
		{"a notice only", []string{"linux"}, []string{"This product has parts of others."}, "no known licence"},
		{"nothing", []string{"linux"}, nil, "no known licence"},
	} {
		m := module{Path: c.name, Version: "v1", systems: c.systems}
		for _, body := range c.texts {
			m.texts = append(m.texts, text{"LICENSE", body})
		}
		switch err := m.audit(); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestTheLicenceOfThisProjectIsKnown(t *testing.T) {
	body, err := os.ReadFile("../../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if kind := kindOf(string(body)); kind != "Apache-2.0" {
		t.Errorf("%q; want Apache-2.0", kind)
	}
}

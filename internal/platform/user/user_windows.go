// SPDX-License-Identifier: Apache-2.0

package user

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// System is the Resolver of this host.
func System() Resolver { return system{} }

type system struct{}

// Account wraps
//
//	BOOL LookupAccountSidW(LPCWSTR lpSystemName, PSID Sid, LPWSTR Name, LPDWORD cchName, LPWSTR ReferencedDomainName,
//	                       LPDWORD cchReferencedDomainName, PSID_NAME_USE peUse);
func (system) Account(sid etw.SID) (domain, name string, err error) {
	if etw.AsSID(sid) == nil {
		return "", "", windows.ERROR_INVALID_SID
	}
	name, domain, _, err = (*windows.SID)(unsafe.Pointer(&sid[0])).LookupAccount("")
	return domain, name, err
}

// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFilesAreSignedWithAGivenCertificate uses a certificate that is made for it.
func TestFilesAreSignedWithAGivenCertificate(t *testing.T) {
	msi, dir := copied(t, buildMSI(t, "1.0.0")), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	do := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	require.NoError(t, os.WriteFile(in("password"), []byte("test"), 0o600))
	do("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test of otelcol-winnet", "-addext", "extendedKeyUsage=codeSigning",
		"-keyout", in("key.pem"), "-out", in("cert.pem"))
	do("openssl", "pkcs12", "-export", "-inkey", in("key.pem"), "-in", in("cert.pem"), "-passout", "file:"+in("password"), "-out", in("cert.p12"))
	program := copied(t, os.Getenv("WINNET_INSTALL_PROGRAM"))

	for _, file := range []string{program, msi} {
		out, err := exec.Command("osslsigncode", "verify", "-CAfile", in("cert.pem"), "-in", file).CombinedOutput()
		require.Error(t, err, "%s", out)
		sign := exec.Command(root+"/deploy/windows/sign.sh", file)
		sign.Env = append(os.Environ(), "SIGN_PKCS12="+in("cert.p12"), "SIGN_PASSWORD_FILE="+in("password"))
		out, err = sign.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, do("osslsigncode", "verify", "-CAfile", in("cert.pem"), "-in", file), "Test of otelcol-winnet")
	}
	require.NotEmpty(t, table(t, msi, "Property"), "a signed MSI is still one")
}

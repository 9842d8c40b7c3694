// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository's root.
const root = "../../.."

// beside is a file in the folder of another one.
func beside(path, name string) string { return filepath.Join(filepath.Dir(path), name) }

// built are the MSIs that buildMSIFor has built, by processor and version: it takes seconds. They are in a folder of this process.
var built = struct {
	folder string
	paths  map[string]string
}{paths: map[string]string{}}

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "winnet-msi")
	if err != nil {
		panic(err)
	}
	built.folder = folder
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// buildMSI builds the MSI of a version from the built collector, with a default configuration that names the version. A test that changes it makes
// a copy.
func buildMSI(t *testing.T, version string) string { return buildMSIFor(t, "amd64", version) }

// buildMSIFor builds an MSI for a processor, with the same programs: what is in it is that of the other one.
func buildMSIFor(t *testing.T, arch, version string) string {
	t.Helper()
	if path, ok := built.paths[arch+version]; ok {
		return path
	}
	program := os.Getenv("WINNET_INSTALL_PROGRAM")
	if program == "" {
		t.Skip("not run: there is no program to install; make test-install builds it")
	}
	stage := t.TempDir()
	for name, from := range map[string]string{
		"otelcol-winnet.exe": program, "winnet-verify.exe": beside(program, "winnet-verify.exe"), "winnet-setup.exe": beside(program, "winnet-setup.exe"), "LICENSE": root + "/LICENSE", "NOTICE": root + "/NOTICE", "GPL-3.0.txt": root + "/LICENSES/GPL-3.0.txt",
	} {
		from, err := filepath.Abs(from)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(from, filepath.Join(stage, name)))
	}
	config, err := os.ReadFile(root + "/deploy/windows/config.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(stage, "config.yaml"), append(config, "# of version "+version+"\n"...), 0o600))
	msi := filepath.Join(built.folder, "otelcol-winnet-"+version+"-"+arch+".msi")
	out, err := exec.Command(root+"/deploy/windows/msi.sh", arch, stage, version, "0123456789ab", "1700000000", msi).CombinedOutput()
	require.NoError(t, err, "%s", out)
	built.paths[arch+version] = msi
	return msi
}

// copied makes a copy of a file.
func copied(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	require.NoError(t, os.WriteFile(path, content, 0o700))
	return path
}

// broken makes an MSI whose installation fails after all of it has been installed.
func broken(t *testing.T, msi string) string {
	t.Helper()
	path := copied(t, msi)
	const failing = 34 | 1024 // a command line, within the installation
	out, err := exec.Command("msibuild", path, "-q",
		fmt.Sprintf("INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) VALUES ('Fail',%d,'TARGETDIR','cmd.exe /c exit 1')", failing),
		"INSERT INTO `InstallExecuteSequence` (`Action`,`Sequence`) VALUES ('Fail',6590)").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// table reads a table of an MSI: its rows, each as a map from the column's name to the value.
func table(t *testing.T, msi, name string) (rows []map[string]string) {
	t.Helper()
	export := exec.Command("msiinfo", "export", msi, name)
	export.Dir = t.TempDir() // of a table with files, it writes those into a folder
	out, err := export.Output()
	require.NoError(t, err, "the table %s", name)
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n"), "\n")
	require.GreaterOrEqual(t, len(lines), 3)
	columns := strings.Split(lines[0], "\t")
	for _, line := range lines[3:] {
		row := map[string]string{}
		for i, value := range strings.Split(line, "\t") {
			row[columns[i]] = value
		}
		rows = append(rows, row)
	}
	return rows
}

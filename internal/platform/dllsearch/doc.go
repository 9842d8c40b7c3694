// SPDX-License-Identifier: Apache-2.0

// Package dllsearch makes Windows look for DLLs in System32 only. A program imports it for its effect. Windows looks for a DLL that is asked for
// by its name in the program's folder first, and libraries ask so: golang.org/x/sys/windows.NewLazyDLL and syscall.NewLazyDLL do. A DLL that is
// asked for by its full path comes from there as before. On other systems the package does nothing.
package dllsearch

// SPDX-License-Identifier: Apache-2.0

// Package answers asks the same questions of the records of each mode of the receivers' key `volume`. The same events go in, with planted
// ones that an analyst looks for. Every mode must give the same answers.
package answers

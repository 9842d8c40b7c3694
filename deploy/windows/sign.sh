#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Signs programs and MSIs with Authenticode, in place.
#
#   sign.sh FILES...
#
# SIGN_PKCS12 is the certificate with its key, SIGN_PASSWORD_FILE a file with the password. SIGN_TIMESTAMP is the address of a timestamp server (RFC 3161);
# without it, a signature ends with its certificate.
set -eu
: "${SIGN_PKCS12:?want the file of a certificate and its key}" "${SIGN_PASSWORD_FILE:?want a file with the password of SIGN_PKCS12}"
for file in "$@"; do
  osslsigncode sign -h sha256 -pkcs12 "$SIGN_PKCS12" -readpass "$SIGN_PASSWORD_FILE" -n otelcol-winnet \
    -i https://github.com/otelcol-winnet/otelcol-winnet ${SIGN_TIMESTAMP:+-ts "$SIGN_TIMESTAMP"} -in "$file" -out "$file.signed"
  mv "$file.signed" "$file"
done

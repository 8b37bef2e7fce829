#!/bin/sh
# 核验本证据包：先用 OpenSSL 核验文件清单的签名，再核验文件、事件及其封存证明。
# 请先将 certificates/root.pem 的指纹与主管机关公布的根证书指纹核对。
set -e
cd "$(dirname "$0")"
openssl cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json \
    -CAfile certificates/root.pem -certfile certificates/chain.pem -purpose any -out /dev/null
python3 verify.pyz . --trust certificates/root.pem

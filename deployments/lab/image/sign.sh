#!/bin/sh
# Signs the releases as their vendor would: sh sign.sh FOLDER makes FOLDER/*.tar.gz.asc and FOLDER/vendor.gpg.
# The vendor's private key lives as long as this script: nobody needs it afterwards.
set -eu
cd "$1"
GNUPGHOME=$(mktemp -d /tmp/vendor.XXXXXX)
export GNUPGHOME
trap 'gpgconf --kill all >/dev/null 2>&1 || true; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --passphrase '' --quick-generate-key 'Orders vendor (lab) <releases@vendor.example>' ed25519 sign never
for archive in *.tar.gz; do
    rm -f "$archive.asc"
    gpg --batch --quiet --armor --detach-sign "$archive"
done
gpg --batch --quiet --export > vendor.gpg

#!/bin/sh
# Starts versitygw with its keys from files; it knows variables only.
#   OBJECTS_FOLDER                               its data, versions and accounts
#   ROOT_ACCESS_KEY_FILE, ROOT_SECRET_KEY_FILE   the keys that eakte uses
#   OBJECTS_LISTEN                               address, port 7070 everywhere where nothing is said
set -eu
ROOT_ACCESS_KEY=$(cat "$ROOT_ACCESS_KEY_FILE")
ROOT_SECRET_KEY=$(cat "$ROOT_SECRET_KEY_FILE")
export ROOT_ACCESS_KEY ROOT_SECRET_KEY
mkdir -p "$OBJECTS_FOLDER/data" "$OBJECTS_FOLDER/versions" "$OBJECTS_FOLDER/iam"
exec versitygw --port "${OBJECTS_LISTEN:-:7070}" --health /health --quiet --iam-dir "$OBJECTS_FOLDER/iam" \
    posix --versioning-dir "$OBJECTS_FOLDER/versions" "$OBJECTS_FOLDER/data"

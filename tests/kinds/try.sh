#!/usr/bin/env bash
# Adds a made-up kind to a copy of this tree, and tries it there: the engine has to take it by its registries alone.
#
#     bash tests/kinds/try.sh mirror FOLDER      FOLDER must not exist; builds go to CARGO_TARGET_DIR
#
# A kind lies in a folder of its name: what goes into each crate's kinds/, its test, and registry.patch with the lines that
# name it. The patch may touch nothing but registries and lists of modules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

kind=${1:?which kind}
to=${2:?where to}
from=$PWD/tests/kinds/$kind
crates=(common coordinator worker cli)
may=(common/src/spec/kind.rs)
for crate in "${crates[@]}"; do
    may+=("$crate/src/kinds/mod.rs" "$crate/src/kinds/registry.rs")
done
may+=(tests/tests/processes/main.rs)

[[ ! -e $to ]] || { echo "$to is there already"; exit 2; }
for file in $(sed -n 's|^+++ b/||p' "$from/registry.patch"); do
    printf '%s\n' "${may[@]}" | grep -qxF "$file" || { echo "the kind needs more than registries: $file"; exit 1; }
done
mkdir -p "$to"
tar --exclude=./.git --exclude=./target --create . | tar --extract --directory "$to"
cd "$to"
patch --strip 1 --forward <"$from/registry.patch"
for crate in "${crates[@]}"; do
    mkdir "$crate/src/kinds/$kind"
    cp "$from/$crate"/*.rs "$crate/src/kinds/$kind/"
done
cp "$from"/tests/*.rs tests/tests/processes/
# cargo tells what it has built by names and versions, not by folders: under a version of its own, the copy shares what others
# wrote with the tree that it came from, and nothing of ours.
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
[[ -n $version && $version != *$'\n'* ]] || { echo "Cargo.toml has no version, or many"; exit 1; }
sed -i "s/^version = \"$version\"\$/version = \"$version+$kind\"/" Cargo.toml
cargo fmt --all --check
# The tests of the command line bring the binary with them, in the features that all else is built with.
# Not `--locked`: the lock names our version too. `--offline` takes nothing new from elsewhere.
tests=(cargo test -q --offline --workspace)
"${tests[@]}" --no-run --test cli --test tidy --test processes
export TARQUET_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/tarquet
# The one file without a version in its name. Afterwards there is none, and the next build of the tree puts its own there.
trap 'rm -f "$TARQUET_BIN"' EXIT
said=$("$TARQUET_BIN" --version)
[[ $said == *"+$kind"* ]] || { echo "this is not the copy's: $said"; exit 1; }
"${tests[@]}" --test tidy
"${tests[@]}" --test processes mirrored::

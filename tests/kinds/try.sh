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
cargo fmt --all --check
# The tests of the command line bring the binary with them, in the features that all else is built with.
tests=(cargo test -q --locked --workspace)
"${tests[@]}" --no-run --test cli --test tidy --test processes
export TARQUET_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/tarquet
"${tests[@]}" --test tidy
"${tests[@]}" --test processes mirrored::

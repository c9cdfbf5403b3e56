#!/bin/sh
# Installs what is missing, builds libnn and runs all of its tests:
#   the format of the sources; a release build with warnings as errors and every test on it; the unit
#   tests under valgrind; the unit tests and those against Keras under AddressSanitizer and
#   UndefinedBehaviorSanitizer.
# The last line is "N passed, N failed". Build directories and logs are in ./build.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/packages.sh

# shellcheck disable=SC2086 # lists of words
install_packages $packages_to_build $packages_to_show $packages_to_test || exit 1

mkdir -p build
passed=0
failed=0
failures=

# add STAGE PASSED FAILED: says how a stage went, and sums up.
add() {
    echo "$1: $2 passed, $3 failed"
    passed=$((passed + $2))
    failed=$((failed + $3))
    [ "$3" -eq 0 ] || failures="$failures $1"
}

# quietly LOG COMMAND...: the output goes to a log, whose end is shown if the command fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 && return 0
    tail -n 80 "$log"
    echo "FAILED: $* (whole log: $log)"
    return 1
}

# count JSON_LOG: prints "passed failed" of a run of meson test. A program that counts for itself, as
# Check's and the scripts here do, counts as often as it says; any other counts once.
count() {
    python3 - "$1" <<'PYTHON'
import json
import re
import sys

passed = failed = 0
for line in open(sys.argv[1], encoding="utf-8"):
    test = json.loads(line)
    good = bad = 0
    for total, wrong, errors in re.findall(
            r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", test.get("stdout") or "", re.M):
        good += int(total) - int(wrong) - int(errors)
        bad += int(wrong) + int(errors)
    for right, wrong in re.findall(r"^(\d+) passed, (\d+) failed$", test.get("stdout") or "", re.M):
        good += int(right)
        bad += int(wrong)
    if test["result"] == "SKIP":
        continue
    if test["result"] == "OK":
        good = good or 1
    else:
        bad = bad or 1
    passed += good
    failed += bad
print(passed, failed)
PYTHON
}

# run_tests STAGE DIRECTORY OPTION...: runs meson test and adds up what it says.
run_tests() {
    stage=$1
    directory=$2
    shift 2
    rm -f "$directory/meson-logs/$stage"*.json
    status=0
    meson test -C "$directory" --no-rebuild --print-errorlogs --logbase "$stage" "$@" || status=$?
    # With a wrapper, Meson appends its name to the log's.
    counts='0 1'
    for record in "$directory/meson-logs/$stage"*.json; do
        [ ! -f "$record" ] || counts=$(count "$record") || counts='0 1'
    done
    # A run that ends badly without a failed test is a failure too.
    [ "$status" -eq 0 ] || [ "${counts#* }" -ne 0 ] || counts="${counts% *} 1"
    add "$stage" "${counts% *}" "${counts#* }"
}

# build STAGE DIRECTORY OPTION...
build() {
    stage=$1
    directory=$2
    shift 2
    echo "== $stage: building in $directory"
    if quietly "$directory-setup.log" configure "$directory" "$@" &&
        quietly "$directory-build.log" meson compile -C "$directory"; then
        return 0
    fi
    add "$stage" 0 1
    return 1
}

echo '== format'
if quietly build/format.log find include src tests examples bench -type f \
    '(' -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' ')' \
    -exec clang-format --dry-run -Werror '{}' +; then
    add format 1 0
else
    add format 0 1
fi

# -g changes no code; it gives valgrind line numbers.
if build all build/release --buildtype=release --werror -Dc_args=-g; then
    run_tests all build/release
    # One thread, since OpenBLAS's own never end and valgrind runs one at a time; no fork, so that leaks
    # of a test aren't lost with it.
    CK_FORK=no CK_DEFAULT_TIMEOUT=0 OPENBLAS_NUM_THREADS=1 NN_NUM_THREADS=1 \
        run_tests valgrind build/release --suite unit --timeout-multiplier 20 --wrapper \
        'valgrind -q --leak-check=full --show-leak-kinds=definite,possible --error-exitcode=99'
fi

if build sanitizers build/sanitized --buildtype=debugoptimized --werror \
    -Db_sanitize=address,undefined -Db_lundef=false -Dexamples=false -Dbench=false; then
    CK_FORK=no OPENBLAS_NUM_THREADS=1 ASAN_OPTIONS=detect_stack_use_after_return=1 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        run_tests sanitizers build/sanitized --suite unit --suite threads --suite golden \
        --timeout-multiplier 5
fi

echo
if [ "$failed" -eq 0 ]; then
    echo 'All tests passed.'
else
    echo "FAILED:$failures"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

# Runs one epoch of the main job in a temporary directory and looks for all that it should leave.
# Usage: sh fashion_mnist_test.sh PROGRAM; ends with 77 (skipped) where the data isn't installed.
set -eu
program=$1
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
trap 'exit 1' HUP INT TERM

status=0
"$program" --epochs 1 --seed 1 --output "$output" >"$output/log" 2>&1 || status=$?
cat "$output/log"
[ "$status" -eq 0 ] || exit "$status"

# One epoch gets to an accuracy of about 0.80; 0.75 tells learning from guessing (0.10).
accuracy=$(sed -n 's/^test loss .*, test accuracy //p' "$output/log")
awk -v accuracy="$accuracy" 'BEGIN { exit !(accuracy > 0.75) }' || {
    echo "the test accuracy after an epoch is only '$accuracy'"
    exit 1
}
files='fashion_mnist.safetensors history.csv learning_curves.gp garments.gp garments.dat'
if command -v gnuplot >/dev/null 2>&1; then
    files="$files learning_curves.png garments.png"
fi
for file in $files; do
    [ -s "$output/$file" ] || {
        echo "$file is missing or empty"
        exit 1
    }
done

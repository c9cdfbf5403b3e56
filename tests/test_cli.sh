#!/bin/sh
# The promises of the program nn: sh tests/test_cli.sh PATH_OF_NN
# It works in a directory of its own and leaves nothing behind.

nn=${1:?usage: sh tests/test_cli.sh PATH_OF_NN}
case $nn in
/*) ;;
*) nn=$PWD/$nn ;;
esac
[ -x "$nn" ] || { echo "no program $nn" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/nn-cli.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
LC_ALL=C
export LC_ALL

passed=0
failed=0

# check TEXT COMMAND...: the command succeeds.
check()
{
    text=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok    $text"
    else
        failed=$((failed + 1))
        echo "FAIL  $text (status $status)"
        sed 's/^/      | /' out err | head -n 20
    fi
}

# run ARGUMENT...: runs nn into the files out and err, and its exit status into status.
run()
{
    "$nn" "$@" >out 2>err </dev/null
    status=$?
}

# gave STATUS TEXT: what the last run ended with, and a text on stderr.
gave()
{
    [ "$status" -eq "$1" ] && grep -qF -e "$2" err
}

# went TEXT: the last run succeeded and printed the text.
went()
{
    [ "$status" -eq 0 ] && grep -qF -e "$1" out
}

same()
{
    cmp -s "$1" "$2"
}

# bytes: writes the octal escapes that it reads.
bytes()
{
    printf "$(cat)"
}

# images ROWS: an IDX file of ROWS images of 4 x 4; image i has a bright line at i mod 3.
images()
{
    awk -v rows="$1" 'BEGIN {
        printf "\\000\\000\\010\\003\\000\\000\\%03o\\%03o", int(rows / 256), rows % 256
        printf "\\000\\000\\000\\004\\000\\000\\000\\004"
        for (i = 0; i < rows; i++)
            for (p = 0; p < 16; p++)
                printf "\\%03o", int(p / 4) == i % 3 ? 200 + (7 * i + 13 * p) % 50 : (5 * i + 11 * p) % 40
    }' | bytes
}

labels()
{
    awk -v rows="$1" 'BEGIN {
        printf "\\000\\000\\010\\001\\000\\000\\%03o\\%03o", int(rows / 256), rows % 256
        for (i = 0; i < rows; i++)
            printf "\\%03o", i % 3
    }' | bytes
}

images 300 >x
labels 300 >y
labels 299 >short
: >empty
echo "this is no IDX file, but it is long enough for a header" >text
head -c 1000 x >cut
bright='rescaling scale=0.00392157; flatten; dense units=8 activation=relu; dense units=3 activation=softmax'

# --- help and usage

run --help
check "--help lists the commands" eval 'went train && went evaluate && went predict && went summary'
run --version
check "--version tells a version" went "nn (libnn) "
run
check "no command is wrong usage" gave 64 "known: train, evaluate, predict, summary, help"
run trian
check "an unknown command is named" gave 64 "unknown command 'trian'"
run train --epoks=3
check "an unknown option is named" gave 64 "--epoks"
run train --images=x --labels=y -l flatten --epochs=-1
check "a negative number is wrong usage" gave 64 "--epochs: '-1'"
run train --images=x --labels=y -l flatten --batch-size=99999999999999999999999
check "a number too large is wrong usage" gave 64 "--batch-size"
run train --images=x --labels=y -l flatten --validation-split=nan
check "a fraction that isn't one is wrong usage" gave 64 "--validation-split: 'nan'"
run train --images=x --labels=y
check "no layers are wrong usage" gave 64 "--layer"
run train --labels=y -l flatten
check "missing images are named" gave 64 "--images is missing"
run predict --images=x
check "a missing model is named" gave 64 "MODEL is missing"
run train --help
check "a command has its own --help" went "--validation-rows"
run help train
check "help tells of commands" went "--validation-rows"
run help
check "help lists the parts" eval 'went dense && went relu && went glorot_uniform && went csv_logger'
run help dense
check "help tells a part's options" went "units"
run help loss mean_squared_error
check "help takes a kind and a name" eval '[ $status -eq 0 ] && [ -s out ]'
run help dens
check "help of a misspelt part names the nearest" gave 1 "did you mean 'dense'"

# --- train, save, predict, evaluate

run train --images=x --labels=y -l "$bright" --validation-rows=60 --epochs=20 --seed=1 \
    --optimizer='sgd learning_rate=0.1 momentum=0.9' --class-names='top, middle,"last"' \
    --test-images=x --test-labels=y --history=history.csv -o model.safetensors
check "training prints the summary" went "dense"
check "training tells where the model is" went "saved model.safetensors"
check "training prints the test's loss and accuracy" \
    eval 'went "test_loss: " && went "test_accuracy: "'
check "a picture of three lines is learnt" \
    awk '$1 == "test_accuracy:" { good = $2 > 0.95 } END { exit !good }' out
grep '^test_' out | sed 's/^test_//' >trained
check "the history has a header and a line an epoch" [ "$(wc -l <history.csv)" -eq 21 ]
check "the history has the validation's loss" grep -q val_loss history.csv
check "nothing but the files asked for is left" \
    [ "$(echo *)" = "cut empty err history.csv model.safetensors out short text trained x y" ]

run train --images=x --labels=y -l 'flatten; pca n_components=6 whiten=true; dense units=3 activation=softmax' \
    --validation-rows=60 --epochs=10 --seed=1 --optimizer='sgd learning_rate=0.1' -q --test-images=x \
    --test-labels=y
check "layers learn from the data before training" went "test_accuracy: 1"

run train --images=x --labels=y -l 'flatten(name=start) ; dense(units=3, activation=softmax)' -q
check "a first layer in brackets takes the images' shape, too" [ $status -eq 0 ]

run evaluate model.safetensors --images=x --labels=y
check "evaluate prints what training printed" same out trained
run evaluate model.safetensors --images=x --labels=y --first=3 --count=30
check "evaluate takes some of the rows" went "accuracy: "
run evaluate model.safetensors --images=x --labels=y --confusion
check "the confusion matrix has a header with the classes' names" \
    went 'true\predicted,top,middle,"""last"""'
check "the confusion matrix has every row once, in its true class" \
    awk -F, '/^true/ { table = 1; next } table { rows++; bad += $2 + $3 + $4 != 100; right += $(1 + rows) }
             END { exit rows != 3 || bad || right < 285 }' out
run summary model.safetensors
check "summary prints the layers" eval 'went rescaling && went dense_1'

run predict model.safetensors --images=x
mv out first
run predict model.safetensors --images=x
check "predicting twice gives the same" eval '[ $status -eq 0 ] && same out first'
check "predictions have a header and a line a row" [ "$(wc -l <first)" -eq 301 ]
check "predictions are the classes" \
    awk -F, 'NR > 1 { right += $2 == $1 % 3 } END { exit right < 285 }' first
check "predictions have the classes' names" grep -q '^0,0,top$' first
check "names with quotes are quoted" grep -q '^2,2,"""last"""$' first
run predict model.safetensors --images=x --first=10 --count=2
check "predict takes some of the rows and keeps their numbers" \
    [ "$(cut -d, -f1 out | tr '\n' ' ')" = "row 10 11 " ]
run predict model.safetensors --images=x --probabilities
check "probabilities add up to 1" \
    awk -F, 'NR > 1 { s = $4 + $5 + $6; bad += s < 0.9999 || s > 1.0001 } END { exit NR != 301 || bad }' out
run predict model.safetensors --images=x --values
mv out values
run predict model.safetensors --images=x --values -o written
check "predictions go to a file" eval '[ $status -eq 0 ] && [ ! -s out ] && same written values'

run train --images=x --labels=y -l "$bright" --validation-rows=60 --epochs=20 --seed=1 -q \
    --optimizer='sgd learning_rate=0.1 momentum=0.9' -o again.safetensors
check "--quiet prints nothing" eval '[ $status -eq 0 ] && [ ! -s out ] && [ ! -s err ]'
run train --images=x --labels=y -l "$bright" --measure
check "--measure shows the plan of the products" eval '[ $status -eq 0 ] && grep -q "^NN 32x" out'
run predict again.safetensors --images=x --values
check "equal seeds give equal predictions" same out values
run train --images=x --labels=y -l "$bright" --validation-rows=60 --epochs=20 --seed=2 -q \
    --optimizer='sgd learning_rate=0.1 momentum=0.9' -o again.safetensors
run predict again.safetensors --images=x --values
check "another seed gives others" eval '! same out values'

train_on="train --images=x --labels=y --no-shuffle -q"
run $train_on -l "$bright" --optimizer='sgd momentum=0.9' --epochs=4 -o whole.safetensors
run $train_on -l "$bright" --optimizer='sgd momentum=0.9' --epochs=2 -o half.safetensors
run $train_on --model=half.safetensors --epochs=2 --initial-epoch=2 -o half.safetensors
check "a saved model goes on" [ "$status" -eq 0 ]
run predict whole.safetensors --images=x --values
mv out values
run predict half.safetensors --images=x --values
check "training in two goes equals one" same out values
run train --images=x --labels=y --model=half.safetensors --optimizer=sgd
check "half of a compilation is wrong usage" gave 64 "--loss"

run train --images=x --labels=y -l "$bright" --validation-split=0.2 --epochs=2 \
    --history="it's.csv" --callbacks='csv_logger filename=second.csv'
check "training needs no output, and says so" gave 0 "won't be saved"
check "the history may have a quote in its name" same "it's.csv" second.csv

# --- drawing

if command -v gnuplot >/dev/null; then
    run train --images=x --labels=y -l "$bright" --epochs=3 --history=h.csv --plot=h.png -q
    check "the history is drawn" eval '[ $status -eq 0 ] && head -c 4 h.png | grep -q PNG'
    # What a shell or gnuplot would take for a command in these names: it would make the file pwned.
    for name in "it's" '`touch pwned`' '$(touch pwned)' '"; system("touch pwned")' \
        "'; system('touch pwned') #" '<touch pwned' '|touch pwned' '-' '+' '$x' '~' '@x' 'a\n{b}' 'two
lines'; do
        run train --images=x --labels=y -l "$bright" --epochs=2 -q --validation-rows=60 \
            --history="$name.h" --plot="$name.png"
        check "the history is drawn: $name" eval '[ $status -eq 0 ] && [ ! -s err ] &&
            head -c 4 "./$name.png" | grep -q PNG && [ ! -e pwned ]'
        cp "./$name.h" ./-
        run train --images=x --labels=y -l "$bright" --epochs=2 -q --history=- --plot="$PWD/$name.p"
        check "the history is drawn from a file '-': $name" eval '[ $status -eq 0 ] &&
            head -c 4 "./$name.p" | grep -q PNG && [ ! -e pwned ]'
        rm -f -- "./$name.h" "./$name.png" "./$name.p" ./-
    done
else
    echo "skip  the history is drawn: no gnuplot"
fi
(
    PATH=/nowhere
    run train --images=x --labels=y -l "$bright" --epochs=3 --history=h2.csv --plot=h2.png -q
    exit "$status"
)
status=$?
check "without gnuplot the data are left" eval 'gave 0 "gnuplot" && [ -s h2.csv ] && [ ! -e h2.png ]'

# --- stopping

# stopped SIGNAL STATUS: trains for ever, sends the signal after the first epoch, and looks.
stopped()
{
    rm -f long.csv long.safetensors
    # A shell starts background jobs with SIGINT ignored, and nn leaves ignored what is ignored.
    env --default-signal=INT,TERM,HUP "$nn" train --images=x --labels=y -l "$bright" --epochs=1000000000 \
        --history=long.csv -o long.safetensors >out 2>err </dev/null &
    process=$!
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -s long.csv ] && [ "$(wc -l <long.csv)" -gt 1 ] && break
        sleep 0.5
    done
    kill -"$1" "$process"
    wait "$process"
    status=$?
    [ "$status" -eq "$2" ] && grep -q "saved long.safetensors" err &&
        "$nn" summary long.safetensors >/dev/null 2>&1
}

if env --default-signal=INT,TERM,HUP true 2>/dev/null; then
    check "Ctrl-C stops training and saves" stopped INT 130
    check "SIGTERM stops training and saves" stopped TERM 143
    check "SIGHUP stops training and saves" stopped HUP 129
    check "stopping leaves no other files" [ "$(ls | grep -c '^long\.')" -eq 2 ]
else
    echo "skip  Ctrl-C stops training and saves: env can't undo an ignored SIGINT"
fi

# --- what is wrong

before=$(ls)
train_to="-o new.safetensors"
run train --images=x --labels=y -l "flatten; dens units=3" $train_to
check "a misspelt layer is named with the nearest" gave 1 "did you mean 'dense'"
run train --images=x --labels=y -l "flatten; dense units=3 activation=rleu" $train_to
check "a misspelt activation is named with the nearest" gave 1 "did you mean 'relu'"
run train --images=x --labels=y -l "dense units='" $train_to
check "an open quote is an error" gave 1 "nn: train: "
run train --images=x --labels=y -l ";;" $train_to
check "a list without layers is an error" gave 1 "no layers"
run train --images=x --labels=y -l "flatten input_shape=(5,5); dense units=3" $train_to
check "a shape that isn't the data's is an error" gave 1 "nn: train: "
run train --images=x --labels=y -l "flatten; dense units=2 activation=softmax" $train_to
check "a label out of range is an error" gave 1 "nn: train: "
run train --images=x --labels=y -l "$bright" --loss=mse_ $train_to
check "an unknown loss is an error" gave 1 "mse_"
run train --images=x --labels=y -l "$bright" --optimizer='sgd learning_rate=-1' $train_to
check "an option out of bounds is an error" gave 1 "learning_rate"
run train --images=x --labels=y -l "$bright" --callbacks='csv_loger filename=z' $train_to
check "a misspelt callback is an error" gave 1 "did you mean 'csv_logger'"
run train --images=x --labels=y -l "$bright" --validation-rows=300 $train_to
check "holding out every row is an error" gave 1 "--validation-rows=300"
run train --images=x --labels=y -l "$bright" --class-names=a,b $train_to
check "class names that don't fit the model are an error" gave 1 "2 names"
run train --images=x --labels=y -l "$bright" --class-names=a,,b $train_to
check "an empty class name is an error" gave 1 "class 1"
run train --images=missing --labels=y -l "$bright" $train_to
check "missing images are an error" gave 1 "missing"
for file in empty text cut x; do
    run train --images=x --labels=$file -l "$bright" $train_to
    check "labels from '$file' are an error" gave 1 "nn: train: "
done
for file in empty text cut; do
    run train --images=$file --labels=y -l "$bright" $train_to
    check "images from '$file' are an error" gave 1 "nn: train: "
done
run train --images=x --labels=short -l "$bright" $train_to
check "counts that differ are an error with both" eval 'gave 1 300 && gave 1 299'
run train --images=. --labels=y -l "$bright" $train_to
check "a directory of images is an error" gave 1 "nn: train: "
run evaluate model.safetensors --images=x --labels=y --first=300
check "a row past the end is an error" gave 1 "300 rows"
run evaluate model.safetensors --images=x --labels=y --first=299 --count=2
check "more rows than there are is an error" gave 1 "--count=2"
run predict missing --images=x
check "a missing model is an error" gave 1 "missing"
for size in 0 4 100 1000; do
    head -c $size model.safetensors >part
    run predict part --images=x
    check "a model cut to $size bytes is an error" gave 1 "nn: predict: "
done
rm -f part
run summary text
check "a text isn't a model" gave 1 "nn: summary: "
check "no failure left a file" [ "$(ls)" = "$before" ]

# --- no input is overwritten, and no output by another

cp x kept.x
cp y kept.y
cp model.safetensors old
mkdir sub
ln -s ../x sub/link
ln -s . here
ln y hard
for output in x ./x "$PWD/x" sub/../x sub/link here/x y hard; do
    for option in -o --history --plot; do
        history=
        [ $option = --plot ] && history=--history=never.csv
        run train --images=x --labels=y -l "$bright" $history $option "$output"
        check "training doesn't write over its data: $option $output" \
            eval 'gave 64 "both input and output" && same x kept.x && same y kept.y'
    done
done
run train --images=kept.x --labels=kept.y --test-images=x --test-labels=y -l "$bright" -o ./y
check "training doesn't write over its test data" eval 'gave 64 "both" && same y kept.y'
run train --images=x --labels=y --model=model.safetensors --history=./model.safetensors
check "the history isn't written over the model" eval 'gave 64 "both" && same model.safetensors old'
for pair in "new ./new" "./new sub/../new" "new here/new" "sub/new $PWD/sub/new" "hard ./hard"; do
    set -- $pair
    run train --images=x --labels=kept.y -l "$bright" -o "$1" --history="$2"
    check "two outputs in one file are wrong usage: $pair" gave 64 "two outputs at once"
    run train --images=x --labels=kept.y -l "$bright" -o other --history="$1" --plot="$2"
    check "a plot in the history is wrong usage: $pair" gave 64 "two outputs at once"
done
run predict model.safetensors --images=x -o here/model.safetensors
check "predictions aren't written over the model" \
    eval 'gave 64 "both" && same model.safetensors old'
run predict model.safetensors --images=x -o ./x
check "predictions aren't written over the data" eval 'gave 64 "both" && same x kept.x'
run train --images=x --labels=y -l "$bright" --history=/dev/null -o sub/x -q
check "names that are the same in two directories are two files" [ "$status" -eq 0 ]
cp model.safetensors m
run train --images=x --labels=y --model=m -o ./m -q
check "a model is saved over itself" eval '[ $status -eq 0 ] && ! same m old'
ln -s m link
run train --images=x --labels=y --model=old -o link -q
check "a model is saved through a link" eval '[ $status -eq 0 ] && [ -h link ] && same link m'
rm -rf kept.x kept.y sub here hard m link

# --- what can't be written is told before training

cp model.safetensors old
run train --images=x --labels=y -l "$bright" --epochs=1000000000 -o nowhere/m.safetensors
check "a missing directory is told at once" gave 1 "nowhere"
run train --images=x --labels=y -l "$bright" --epochs=1000000000 -o .
check "a directory as output is told at once" gave 1 "directory"
run train --images=x --labels=y -l "$bright" --epochs=1000000000 -o /dev/null
check "a device isn't replaced" eval 'gave 1 "regular file" && [ -c /dev/null ]'
run train --images=x --labels=y -l "$bright" --epochs=1000000000 -o m --history=nowhere/h.csv
check "an unwritable history is told at once" gave 1 "nowhere"
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 500 locked
    run train --images=x --labels=y -l "$bright" --epochs=1000000000 -o locked/m
    check "a locked directory is told at once" gave 1 "Permission denied"
fi
run train --images=x --labels=y -l "flatten; dens units=3" -o model.safetensors
check "a failure leaves the old model" same model.safetensors old
run predict model.safetensors --images=x -o nowhere/p.csv
check "predictions to nowhere are an error" gave 1 "nowhere"

if [ -c /dev/full ]; then
    for arguments in "help" "--help" "predict model.safetensors --images=x" "summary model.safetensors"; do
        "$nn" $arguments >/dev/full 2>err
        status=$?
        : >out
        check "a full disk is told: nn $arguments" gave 1 "cannot write to standard output"
    done
    run predict model.safetensors --images=x -o /dev/full
    check "a full disk is told: nn predict -o" gave 1 "cannot write /dev/full"
fi
"$nn" help >&- 2>err
status=$?
check "a closed standard output is told" gave 1 "cannot write to standard output"

(
    sleep 1
    "$nn" help 2>err
    echo $? >code
) | true
read -r status <code
check "a closed pipe is told" gave 1 "cannot write to standard output"

# --- callbacks

run train --images=x --labels=y -l "$bright" --epochs=200 --batch-size=2 --history=c.csv -o c.safetensors \
    --callbacks="early_stopping monitor=loss mode=max patience=2; reduce_lr_on_plateau monitor=loss; gradient_norms"
check "early_stopping ends training with success" eval '[ "$status" -eq 0 ] && [ "$(wc -l <c.csv)" -eq 4 ]'
check "columns of callbacks are in the history" grep -q 'gradient_norm.*,learning_rate,loss' c.csv
run train --images=x --labels=y -l "$bright" --epochs=3 --steps-per-epoch=1 --callbacks=\
"model_checkpoint filepath='saved/{epoch:02d}.safetensors'; backup_and_restore backup_dir=backup"
check "models are saved along the way" eval '[ "$status" -eq 0 ] && [ -s saved/03.safetensors ] && [ ! -e backup ]'
run train --images=x --labels=y -l "$bright" --callbacks="early_stopping"
check "what isn't measured can't be monitored" gave 1 "val_loss, which isn't measured"
run train --images=x --labels=y -l "$bright" --validation-freq=0
check "validation-freq has bounds" gave 64 "validation-freq"

# --- the real thing

fashion=/usr/share/datasets/fashion-mnist
if [ -r $fashion/train-images-idx3-ubyte.gz ]; then
    run train --images=$fashion/train-images-idx3-ubyte.gz \
        --labels=$fashion/train-labels-idx1-ubyte.gz --count=20000 --validation-rows=5000 \
        -l 'rescaling scale=0.00392157; flatten; dense units=30 activation=relu' \
        -l 'dense units=10 activation=softmax' --test-images=$fashion/t10k-images-idx3-ubyte.gz \
        --test-labels=$fashion/t10k-labels-idx1-ubyte.gz -o fashion.safetensors
    check "an epoch of Fashion-MNIST gives more than 0.7" \
        awk '$1 == "test_accuracy:" { good = $2 > 0.7 } END { exit !good }' out
else
    echo "skip  an epoch of Fashion-MNIST: no $fashion"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

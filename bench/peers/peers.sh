#!/bin/sh
# peers.sh [--venv DIR]: makes a Python environment (build/peers-venv) with the libraries that
# compare.py compares libnn with, from PyPI: 3 GB on disk. What can't be had is left out, and said.
# FANN isn't among them: bench-fann is built with the other benches where Debian's libfann-dev is there.
set -u
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../../build/peers-venv
case ${1-} in
'') ;;
--venv) venv=${2:?--venv takes a directory} ;;
*)
    echo "usage: peers.sh [--venv DIR]" >&2
    exit 2
    ;;
esac

if ! mkdir -p "$(dirname "$venv")" || ! python3 -m venv "$venv"; then
    echo "No environment can be made in $venv (Debian's python3-venv is needed)" >&2
    exit 1
fi
python=$venv/bin/python
log=$venv/pip.log
: >"$log"

install() { # PIP'S ARGUMENTS
    "$python" -m pip install --disable-pip-version-check "$@" >>"$log" 2>&1
}

# peer NAME MODULE: says whether what was installed works.
peer() {
    if version=$(TF_CPP_MIN_LOG_LEVEL=3 "$python" -c \
        "import $2; print('VERSION', $2.__version__)" 2>>"$log"); then
        echo "$1 ${version##*VERSION }"
    else
        echo "$1 is left out: it can't be installed or loaded here (see $log)"
        left_out=yes
    fi
}

left_out=no
install numpy
install scikit-learn
peer scikit-learn sklearn
install onnxruntime onnx
peer 'ONNX Runtime' onnxruntime

# With its dependencies PyPI's PyTorch brings gigabytes of CUDA libraries.
install filelock typing-extensions sympy networkx jinja2 fsspec &&
    install --no-deps torch &&
    sh "$here/without_cuda.sh" "$("$python" -c \
        'import sysconfig; print(sysconfig.get_path("platlib"))')/torch/lib" >>"$log" 2>&1
peer PyTorch torch

install keras
install safetensors # tests/golden/check_saved_model.py reads model files with it
install tensorflow-cpu
export KERAS_BACKEND=tensorflow
peer 'Keras on TensorFlow' keras
install jax
export KERAS_BACKEND=jax
peer 'Keras on JAX' keras

echo "The environment is in $venv"
[ "$left_out" = no ]

#!/bin/sh
# without_cuda.sh TORCH_LIB: lets PyPI's PyTorch, which is linked with gigabytes of CUDA libraries,
# run on the processor without them. Beside its own libraries it puts empty ones under their names
# and one that has all their functions: those of the CUDA runtime say "no device" (error 100), the
# others are never called then. PyTorch's code for the processor is untouched.
set -eu
cd "$1"

others() { # names of the CUDA libraries that PyTorch is linked with
    readelf -d libtorch*.so libc10*.so |
        sed -n 's/.*(NEEDED).*\[\(lib\(cu\|nv\|nccl\)[^]]*\)\]/\1/p' | sort -u
}

functions() { # names of their functions
    nm -D --undefined-only libtorch*.so libc10*.so libcaffe2*.so |
        sed -n 's/^ *U //p' | sed 's/@.*//' |
        grep -E '^(__cuda|cu|nccl|nvrtc|nvshmem|nvJitLink|nvtx|nvml)' | sort -u
}

functions | while read -r name; do
    case $name in
    cuda*) answer=100 ;;
    *) answer=0 ;;
    esac
    printf '\t.globl %s\n\t.type %s, @function\n%s:\n\tmov $%s, %%eax\n\tret\n' \
        "$name" "$name" "$name" "$answer"
done >no_cuda.s
cc -shared -nostdlib -Wl,-soname,libno_cuda.so -Wl,-z,noexecstack -o libno_cuda.so no_cuda.s
for name in $(others); do
    cc -shared -nostdlib -Wl,-soname,"$name" -Wl,--no-as-needed -Wl,-rpath,"\$ORIGIN" \
        -o "$name" -x c /dev/null -x none libno_cuda.so
done
echo "CUDA libraries that PyTorch does without: $(others | tr '\n' ' ')"

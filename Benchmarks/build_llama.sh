#!/usr/bin/env bash
# Builds llama.cpp's llama-batched-bench and llama-quantize for this machine, from the sources that llama-cpp-python carries.
#
#   build_llama.sh PYTHON FOLDER    the programs lie in FOLDER/build/bin afterwards; four minutes on two cores
set -euo pipefail
python=$1 folder=$2
mkdir -p "$folder"
"$python" -m pip install --quiet --disable-pip-version-check cmake ninja
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --no-build-isolation \
  --dest "$folder" llama-cpp-python==0.3.36
tar -xzf "$folder"/llama_cpp_python-0.3.36.tar.gz -C "$folder"
PATH="$(cd "$(dirname "$python")" && pwd):$PATH"
cmake -S "$folder/llama_cpp_python-0.3.36/vendor/llama.cpp" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DLLAMA_CURL=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF >/dev/null
cmake --build "$folder/build" --target llama-batched-bench llama-quantize >/dev/null

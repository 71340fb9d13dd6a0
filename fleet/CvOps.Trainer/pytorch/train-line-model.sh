#!/bin/sh
# Trains the line model of the simulator again, from pictures that the simulator draws:
#   train-line-model.sh [OUT-FOLDER [WORK-FOLDER]]
# Needs the built cvops-simulator, ffmpeg, and Debian's python3-torch and python3-opencv. About 15 minutes on 2 cores.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
out=${1:-$root/agent/CvOps.Simulator/model}
work=${2:-$root/artifacts/line-model}
simulator=$root/artifacts/bin/CvOps.Simulator/debug/cvops-simulator
python=${PYTHON:-/usr/bin/python3}
[ -x "$simulator" ] || { echo "Build the simulator first: dotnet build agent/CvOps.Simulator" >&2; exit 78; }
"$python" -c 'import torch, cv2' 2>/dev/null || { echo "PyTorch and OpenCV are needed: apt-get install python3-torch python3-opencv" >&2; exit 78; }

# NAME COUNT SEED LAMP: no seed is used twice, so no part is in two sets.
render() {
  [ -e "$work/$1/labels.csv" ] || "$simulator" render --video --count "$2" --seed "$3" --lamp "$4" --out "$work/$1"
}
render train-100 3600 101 1.0
render train-070 1200 102 0.7
render train-050 1800 103 0.5
render train-035 1200 104 0.35
render head-100 1500 111 1.0
render check-100 800 121 1.0
render check-070 800 122 0.7
render check-045 800 123 0.45
render few-100 150 131 1.0
render few-045 150 132 0.45
mkdir -p "$out"
exec "$python" "$(dirname "$0")/train_line_model.py" --data "$work" --out "$out"

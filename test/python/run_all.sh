#!/bin/sh
# Runs every Python check with $PYTHON (a Python with requirements.txt installed); one PASS or FAIL line each. Exit 1 if any fails.
cd "$(dirname "$0")" || exit 1
python=${PYTHON:-python3}
failed=0
for check in check_*.py; do
  "$python" -W ignore "$check" || failed=1
done
if [ -f ../../results/mnist-retort.json ]; then
  "$python" compare_ks.py || failed=1
fi
exit $failed

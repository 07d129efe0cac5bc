#!/bin/bash
# A search over the nodes of a Slurm allocation:
#   sbatch --nodes 4 jobs/slurm.sh SPACE --data DATASET --out STUDY [...]
# Submit from the repository; it, the dataset and the study lie on a file system that all nodes share.
#SBATCH --job-name=raylab
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --exclusive
# Alone on its nodes: `ray symmetric-run` ends with `ray stop`, which ends every Ray of this user on a node.
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"

PORT=6379
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

# Without a token whoever reaches the head may run code on it. All nodes need the same one.
export RAY_AUTH_MODE=token
export RAY_AUTH_TOKEN_PATH="$PWD/.ray-token-$SLURM_JOB_ID"
export RAY_USAGE_STATS_ENABLED=0
trap 'rm -f "$RAY_AUTH_TOKEN_PATH"' EXIT
(umask 077 && .venv/bin/python -c 'import secrets; print(secrets.token_hex(32), end="")' > "$RAY_AUTH_TOKEN_PATH")

export PATH="$PWD/.venv/bin:$PATH"
srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" \
    ray symmetric-run --address "$HEAD:$PORT" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --num-cpus "$SLURM_CPUS_PER_TASK" --num-gpus "${SLURM_GPUS_ON_NODE:-0}" --disable-usage-stats \
    --dashboard-host 127.0.0.1 \
    -- env RAY_ADDRESS="$HEAD:$PORT" python jobs/run.py search "$@"

close-call check --json -- python3 server.py |
    jq -r 'select(.sound | not) | "\(.probe) \(.verdict)"' > known.txt

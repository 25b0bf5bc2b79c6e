for server in servers/*/server.py; do
    name=$(basename "$(dirname "$server")")
    close-call check --json -- python3 "$server" | jq -rs --arg name "$name" '
        (map(select(.sound)) | length) as $ok
        | map(select(.grade == "fault")) | group_by(.verdict)
        | map("\(length) \(.[0].verdict)") | join(", ")
        | [$name, "\($ok) ok", if . == "" then "-" else . end] | @tsv'
done | column -t -s "$(printf '\t')"

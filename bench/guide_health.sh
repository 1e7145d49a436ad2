#!/bin/bash
# What operators do by hand today, in the steps and order of the monitoring guide's health check (process, API, gateway,
# log, port, upstream), for comparison in the same run. Arguments: PORT LOG PATTERN.
port=$1 log=$2 pattern=$3
echo "1. Discord Bot Process"
pid=$(pgrep -f -- "$pattern" | head -n 1)
ps -p "${pid:-1}" -o pid=,%cpu=,%mem=,rss=
echo "2. Webhook API"
curl -s -m 10 -w '\n%{http_code}\n' "http://127.0.0.1:$port/health"
echo "3. Discord Gateway"
grep "Bot is ready" "$log" | tail -n 1
echo "4. Log Management"
du -m "$log"
grep -c "ERROR" "$log"
grep -c "WARNING" "$log"
echo "5. Network Ports"
grep -i ":$(printf '%04X' "$port")" /proc/net/tcp | head -n 1
echo "6. External APIs"
grep "openrouter.ai" "$log" | grep "200 OK" | tail -n 1

#!/bin/bash
# Exit code 0: the HAProxy of this host answers on its statistics port, the only argument, within a second.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
read -t 1 -r line <&3
[[ $line == *' 200 '* ]]

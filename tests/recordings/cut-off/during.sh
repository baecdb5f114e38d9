nomspark lab cut "$HOST"
sleep 40
nomspark lab mend "$HOST"

nomspark lab cut "$HOST"
sleep 45
nomspark lab mend "$HOST"

# Set-ups that somebody chose by hand, each replaced and put back. A line for each says how revert ended.
. ./throttle-lab.sh
modprobe -a sch_htb sch_sfq sch_fq_codel cls_u32 sch_ingress act_police
join near far

# case NAME COMMAND...: each a command of tc
case_of() {
    local name=$1 words status=0 way=()
    shift
    for words in "$@"; do
        # shellcheck disable=SC2086
        near tc $words
    done
    [ "${name#ingress}" = "$name" ] || way=(--ingress)
    { dump near; near tc qdisc show dev v0; } | without_counts >"$OUT/$name.before"
    throttle apply --dev v0 --rate 1mbit --dport 80,443 --replace "${way[@]}" >"$OUT/$name.said" 2>&1
    dump near | grep -Eq 'class htb 1:10|police' || { echo "$name was not applied"; exit 1; }
    throttle revert >>"$OUT/$name.said" 2>&1 || status=$?
    { dump near; near tc qdisc show dev v0; } | without_counts >"$OUT/$name.after"
    echo "$name $status"
    near tc qdisc del dev v0 root 2>/dev/null || true
    near tc qdisc del dev v0 ingress 2>/dev/null || true
}

root='qdisc add dev v0 root'
case_of fq_codel "$root fq_codel"
case_of fq_codel-tuned "$root handle 7: fq_codel limit 999 flows 64 target 3.3ms interval 77ms ce_threshold 1234us noecn memory_limit 3mb"
case_of codel "$root codel"
case_of codel-tuned "$root handle 7: codel limit 99 target 1111us interval 33333us ce_threshold 17us ecn"
case_of sfq "$root sfq"
case_of sfq-perturb "$root handle 9: sfq perturb 10 quantum 3000"
case_of sfq-tuned "$root handle 9: sfq limit 50 depth 20 flows 33 divisor 512 headdrop"
case_of sfq-red "$root handle 9: sfq limit 120 redflowlimit 100000 min 8000 max 60000 probability 0.2 ecn headdrop"
case_of fq "$root fq"
case_of fq-tuned "$root handle 7: fq limit 777 flow_limit 55 buckets 512 maxrate 9mbit quantum 3000"
case_of prio "$root handle 1: prio bands 4 priomap 0 1 2 3 3 3 2 2 1 1 0 0 0 1 2 3"
case_of prio-leaves "$root handle 1: prio" "qdisc add dev v0 parent 1:2 handle 12: sfq perturb 5" "qdisc add dev v0 parent 1:3 handle 13: fq_codel"
case_of pfifo_head_drop "$root handle 3: pfifo_head_drop limit 33"
case_of tbf "$root handle 5: tbf rate 50mbit burst 20k latency 30ms peakrate 60mbit mtu 2000"
case_of mq-leaves "$root handle 9: mq" "qdisc add dev v0 parent 9:1 handle 91: fq_codel" "qdisc add dev v0 parent 9:2 handle 92: sfq perturb 3"
mapfile -t ten <ten-commands
case_of incident "${ten[@]}"
case_of mark "$root handle 1: htb default 1" "class add dev v0 parent 1: classid 1:1 htb rate 9mbit" \
    "filter add dev v0 parent 1: protocol ip prio 2 u32 match mark 7 0xff flowid 1:1"
case_of ingress-filter "qdisc add dev v0 handle ffff: ingress" \
    "filter add dev v0 parent ffff: protocol ip prio 1 u32 match ip dport 9 0xffff flowid :1"

# What cannot be rebuilt is refused by name, and stays.
refuse() {
    local way=()
    [ "$1" != ingress ] || way=(--ingress)
    near tc qdisc show dev v0 >>$OUT/refused.before
    throttle apply --dev v0 --rate 1mbit --dport 80 --replace "${way[@]}" >>$OUT/refused 2>&1 && exit 1
    near tc qdisc show dev v0 >>$OUT/refused.after
    near tc qdisc del dev v0 "$1"
}
near tc $root handle 8001: cake
refuse root
near tc $root handle 1: netem delay 1ms
refuse root
near tc qdisc add dev v0 handle ffff: ingress
near tc filter add dev v0 parent ffff: protocol ip prio 1 u32 match ip dport 9 0xffff police rate 1mbit burst 9k drop flowid :1
refuse ingress

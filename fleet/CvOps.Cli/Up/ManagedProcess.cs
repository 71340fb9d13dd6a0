using System.Diagnostics;

namespace CvOps.Cli.Up;

/// <summary>
/// A child with a log file. Started again when it dies, after a pause that doubles up to 30 s, unless it says that its
/// configuration is wrong (78). It never outlives us: the kernel kills it when this process goes, however it goes.
/// </summary>
/// <param name="marker">Stands in the environment of the child and of whatever it starts, so that none of them can be overlooked.</param>
internal sealed class ManagedProcess(string name, string program, IReadOnlyList<string> arguments, string logFile, string marker, Action<string> tell) : IAsyncDisposable
{
    public const string Marker = "CVOPS_STACK";

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Lock _gate = new();
    private Process? _process;

    public string Name => name;

    /// <summary>The end of its log, for a message; empty when it said nothing.</summary>
    public string LastWords => File.Exists(logFile) ? string.Join('\n', File.ReadLines(logFile).TakeLast(5)) : "";

    /// <summary>Its process id while it runs.</summary>
    public int? Id
    {
        get
        {
            lock (_gate) return _process is { HasExited: false } process ? process.Id : null;
        }
    }

    /// <summary>True once it has refused its configuration and will not be started again.</summary>
    public bool Refused { get; private set; }

    public void Start()
    {
        // The parent-death signal follows the thread that forked, not the process: the child needs a thread that lives as long as it may.
        var thread = new Thread(Supervise) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Ends it as a crash would; it is started again.</summary>
    public void Kill()
    {
        lock (_gate) _process?.Kill();
    }

    /// <summary>SIGTERM, then SIGKILL after 10 s.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping.Set();
        if (Id is { } id)
        {
            using var term = Process.Start("kill", ["-TERM", $"{id}"]);
            if (await Task.WhenAny(_finished.Task, Task.Delay(StopPatience)) != _finished.Task)
            {
                tell($"{name} did not stop within {StopPatience.TotalSeconds:0} s and was killed.");
                Kill();
            }
        }
        await _finished.Task;
        lock (_gate) _process?.Dispose();
    }

    private void Supervise()
    {
        var pause = TimeSpan.FromSeconds(1);
        while (!_stopping.IsSet)
        {
            var started = Stopwatch.GetTimestamp();
            var code = RunOnce();
            if (_stopping.IsSet) break;
            if (code == ExitCodes.Configuration)
            {
                Refused = true;
                tell($"{name} refuses to start: {LastWords}");
                break;
            }
            if (Stopwatch.GetElapsedTime(started) > LongestPause) pause = TimeSpan.FromSeconds(1);
            tell($"{name} ended with code {code}; starting it again in {pause.TotalSeconds:0} s. Its log: {logFile}");
            _stopping.Wait(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
        _finished.SetResult();
    }

    private int RunOnce()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        // A session of its own: Ctrl-C in a terminal goes to the whole foreground group, and the order in which parts stop is ours to choose.
        // sh appends both streams to the log, so nothing is lost or copied through us.
        Process process;
        lock (_gate)
        {
            _process?.Dispose();
            var start = new ProcessStartInfo("setsid", ["setpriv", "--pdeathsig", "KILL", "sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", logFile, program, .. arguments]);
            start.Environment[Marker] = marker;
            _process = process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        }
        process.WaitForExit();
        return process.ExitCode;
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CvOps.Testing;

/// <summary>A child process whose output is kept for the failure message; killed with its descendants at the end.</summary>
public sealed class TestProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private TestProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Standard output and error so far, in the order they came.</summary>
    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    /// <exception cref="Win32Exception">There is no such program.</exception>
    public static TestProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        var child = new TestProcess(start);
        child._process.Start();
        // A test run that is told to stop must leave nobody behind.
        AppDomain.CurrentDomain.ProcessExit += child.KillNow;
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The dotnet that runs the tests.</summary>
    public static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath switch
    {
        { } path when Path.GetFileNameWithoutExtension(path) == "dotnet" => path,
        _ => "dotnet",
    };

    /// <summary>Runs a program of this solution by its assembly, with the dotnet that runs the tests.</summary>
    public static TestProcess StartAssembly(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        Start(DotNet, ["exec", assembly, .. arguments], environment);

    /// <summary>True when the program is on PATH, or in sbin where Debian keeps servers.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/usr/local/sbin"])
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>A TCP port of the loopback that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public Task WaitForOutputAsync(string text, TimeSpan deadline, CancellationToken cancellationToken = default) =>
        Eventually.Async(() => Output.Contains(text, StringComparison.Ordinal) || (HasExited ? throw new InvalidOperationException($"It ended before '{text}': {Output}") : false),
            deadline, () => $"no '{text}' in: {Output}", cancellationToken);

    /// <summary>When a line that holds the text comes from now on.</summary>
    /// <returns>A timestamp of <see cref="Stopwatch"/>, taken as the line came.</returns>
    public async Task<long> WhenSaidAsync(string text, TimeSpan deadline)
    {
        var said = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += OnLine;
        try
        {
            return await said.Task.WaitAsync(deadline);
        }
        finally
        {
            _process.OutputDataReceived -= OnLine;
        }

        void OnLine(object sender, DataReceivedEventArgs line)
        {
            if (line.Data?.Contains(text, StringComparison.Ordinal) == true) said.TrySetResult(Stopwatch.GetTimestamp());
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM, then waits.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        using (var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(cancellationToken);
        return await WaitForExitAsync(deadline, cancellationToken);
    }

    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It still runs; the message holds its output.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(deadline, cancellationToken);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{_process.StartInfo.FileName} still runs after {deadline.TotalSeconds:0.#} s. Its output: {Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillNow;
        await KillAsync();
        _process.Dispose();
    }

    private void KillNow(object? sender, EventArgs args)
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Append(line).Append('\n');
    }
}

using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>Broker, fleet, and two simulated lines with an agent each, with the line's model in charge of both: what a factory has before it changes anything.</summary>
public sealed class RunningStack : IAsyncLifetime
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private readonly TestFolder _folder = new();
    private readonly int _port = TestProcess.FreePort();
    private readonly int _brokerPort = TestProcess.FreePort();
    private readonly int _simulatorPort = TestProcess.FreePort();
    private TestProcess? _up;

    public static string Simulator { get; } = Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(Cvops.Program)!, "..", "..", "CvOps.Simulator", Path.GetFileName(Path.GetDirectoryName(Cvops.Program)!), "model"));

    public string Data => _folder["stack"];

    public HttpClient Http { get; private set; } = null!;

    public string Said => _up?.Output ?? "";

    public async ValueTask InitializeAsync()
    {
        Http = Cvops.Client(Data, _port);
        Start();
        await Until("the first installation", "rollouts", ContractsJson.Default.RolloutViewArray, rollouts => rollouts.Any(rollout => rollout.State == RolloutState.Completed), Words);
    }

    /// <summary>Starts it on what there is of it.</summary>
    public void Start() => _up = Cvops.Start("up", "--lines", "2", "--data", Data, "--http-port", $"{_port}", "--broker-port", $"{_brokerPort}", "--simulator-port", $"{_simulatorPort}");

    /// <summary>Ctrl-C, and the end of all its processes.</summary>
    public async Task Stop()
    {
        if (_up is { HasExited: false })
        {
            using var interrupt = Process.Start("kill", ["-INT", $"{_up.Id}"]);
            await _up.WaitForExitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        }
        if (_up is not null) await _up.DisposeAsync();
    }

    /// <summary>A command of an operator. It has to end with 0.</summary>
    /// <returns>What it said, in one line: a table breaks its sentences where the terminal ends.</returns>
    public async Task<string> Run(params string[] arguments)
    {
        await using var process = Cvops.Start([.. arguments, "--fleet", $"http://127.0.0.1:{_port}"]);
        var code = await process.WaitForExitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"cvops {string.Join(' ', arguments)} ended with {code}: {process.Output}");
        return string.Join(' ', process.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>A file that an operator has written.</summary>
    public async Task<string> File(string name, string text)
    {
        await System.IO.File.WriteAllTextAsync(_folder[name], text, TestContext.Current.CancellationToken);
        return _folder[name];
    }

    /// <returns>The rollout that the plan has started.</returns>
    public async Task<string> Start(string plan)
    {
        var said = await Run("rollout", "start", await File($"plan-{Guid.NewGuid():N}.yaml", plan), "--json");
        return JsonSerializer.Deserialize(said, ContractsJson.Default.RolloutView)!.Id;
    }

    public Task<RolloutView> Reaches(string rollout, RolloutState state) =>
        Until($"the rollout to be {state}", $"rollouts/{rollout}", ContractsJson.Default.RolloutView, view => view.State == state, view => Words([view]));

    public async Task<TwinReported[]> Devices() =>
        [.. (await Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!.Select(device => device.Reported!)];

    public async Task<T> Until<T>(string what, string path, JsonTypeInfo<T> type, Func<T, bool> enough, Func<T, string> words)
        where T : class
    {
        var last = "no answer";
        T? found = null;
        await Eventually.Async(async () =>
        {
            if (_up!.HasExited) throw new InvalidOperationException($"It ended: {Said}");
            try
            {
                var view = (await Http.GetFromJsonAsync(path, type, TestContext.Current.CancellationToken))!;
                last = words(view);
                if (enough(view)) found = view;
            }
            // A fleet that is just coming up may take a connection and let it fall; .NET then says so without the former.
            catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException)
            {
                last = e.Message;
            }
            return found is not null;
        }, Patience, () => $"waited for {what}; last seen {last}\n{Said}", TestContext.Current.CancellationToken);
        return found!;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Http?.Dispose();
        _folder.Dispose();
    }

    private static string Words(IEnumerable<RolloutView> rollouts) => string.Join("; ", rollouts.Select(view =>
        $"{view.State}: {view.Reason} ({string.Join(", ", view.Devices.Select(device => $"{device.Device} {device.State} {device.Reason}"))})"));
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Link;

/// <summary>Against a far side that hangs up over one message: what mosquitto does over a packet it will not take.</summary>
public sealed class UplinkLoopTests : IDisposable
{
    private static readonly DeviceId Device = new("cam-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly CameraId Camera = new("a");
    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Fresh results always go first, and yet the picture that ends every connection is found.</summary>
    [Fact]
    public async Task The_message_that_ends_the_connection_is_found_while_others_keep_coming()
    {
        await using var spool = new SpoolLog(_folder.Path, Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        for (var index = 1; index <= 3; index++) await AppendAsync(spool, Own.Frame(Camera, $"f{index}"));
        for (var index = 0; index < 10; index++) await AppendAsync(spool, Own.Inspection(Camera));
        var time = new ManualTime();
        var link = new TouchyLink("4/2", () => AppendAsync(spool, Own.Inspection(Camera)));
        using var uplink = new UplinkLoop(spool, link, time, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        await Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return spool.DeadLetters.Count > 0 && spool.Health.WaitingMessages == 0;
        }, TimeSpan.FromSeconds(20), () => $"{spool.Health}; sent: {string.Join(' ', link.Taken)}", Token);
        await uplink.StopAsync(Token);

        var letter = await File.ReadAllTextAsync(Directory.GetFiles(_folder["dead-letters"]).Single(), Token);
        Assert.EndsWith("4/2", letter, StringComparison.Ordinal);
        Assert.Equal(["4/1", "4/3"], link.Taken.Where(it => it[0] == '4').Distinct());
        var results = link.Taken.Where(it => it[0] == '2').Select(it => int.Parse(it[2..], CultureInfo.InvariantCulture)).Distinct().ToArray();
        Assert.Equal(Enumerable.Range(1, results.Length), results);
        Assert.InRange(results.Length, 11, 40);
    }

    private static async Task AppendAsync(SpoolLog spool, string topic) =>
        Assert.Equal(AppendOutcome.Stored, await spool.AppendAsync(topic, origin => Encoding.UTF8.GetBytes($"{origin.Stream}/{origin.Sequence}"), Token));

    /// <summary>Takes what it gets in windows; one that holds a certain message ends the connection, and everything in it is in doubt.</summary>
    private sealed class TouchyLink(string poison, Func<Task> whenEnded) : IFleetLink
    {
        private readonly Lock _gate = new();
        private List<(string Text, TaskCompletionSource<PublishOutcome> Answer)> _window = [];

        public ConcurrentQueue<string> Taken { get; } = new();

        public LinkState State => LinkState.Connected;

        public string? Problem => null;

        public int Window => 8;

        public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WhenConnectedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                _window.Add((Encoding.UTF8.GetString(payload.Span), answer));
                if (_window.Count == 1) _ = AnswerAsync();
            }
            return new ValueTask<PublishOutcome>(answer.Task);
        }

        public void Announce(DeviceBirth birth)
        {
        }

        public void Report(TwinReported reported)
        {
        }

        public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) => ValueTask.FromResult(PublishOutcome.Acknowledged);

        private async Task AnswerAsync()
        {
            // The window fills meanwhile.
            await Task.Delay(5);
            List<(string Text, TaskCompletionSource<PublishOutcome> Answer)> window;
            lock (_gate) (window, _window) = (_window, []);
            var ended = window.Exists(it => it.Text == poison);
            if (ended) await whenEnded();
            foreach (var (text, answer) in window)
            {
                if (!ended) Taken.Enqueue(text);
                answer.SetResult(ended ? new PublishOutcome(PublishVerdict.Suspect, "the broker hung up") : PublishOutcome.Acknowledged);
            }
        }
    }
}

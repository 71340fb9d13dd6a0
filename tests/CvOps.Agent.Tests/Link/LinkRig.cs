using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

/// <summary>The agent's link at work on its own, and numbered messages through it.</summary>
internal sealed class LinkRig : IAsyncDisposable
{
    public static readonly DeviceId Device = new("cam-1");
    public static readonly Topics Own = new(new SiteId("plant"), Device);
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    private readonly CancellationTokenSource _stopping = new();
    private readonly MqttFleetLink _link;
    private readonly Task _running;

    public LinkRig(LinkOptions options, TimeProvider? time = null)
    {
        _link = new MqttFleetLink(options, new SiteId("plant"), Device, Inbox, () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5,
            time ?? TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        _running = _link.RunAsync(_stopping.Token);
    }

    public FleetInbox Inbox { get; } = new();

    public IFleetLink Link => _link;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static LinkOptions Plain(params string[] brokers) => new() { Brokers = brokers, LongestPause = TimeSpan.FromSeconds(0.3) };

    public static string Address(string scheme, int port) => string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{port}");

    /// <summary>Waits for a sentence that holds all of these.</summary>
    public Task ProblemAsync(params string[] words) => Eventually.Async(
        () => _link.Problem is { } problem && words.All(word => problem.Contains(word, StringComparison.Ordinal)), Deadline, () => $"{_link.State}: {_link.Problem}", Token);

    public Task ConnectedAsync() => Eventually.Async(() => _link.State == LinkState.Connected, Deadline, () => $"{_link.State}: {_link.Problem}", Token);

    /// <summary>Sends these numbers, each until it is acknowledged, a window at a time.</summary>
    public async Task SendAsync(int first, int count, string? topic = null, int pad = 0)
    {
        var onTheWay = new Queue<(ReadOnlyMemory<byte> Payload, Task<PublishOutcome> Outcome)>();
        for (var number = first; number < first + count; number++)
        {
            var payload = Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture).PadRight(pad));
            onTheWay.Enqueue((payload, _link.SendAsync(topic ?? Own.Inspection(new CameraId("a")), payload, 0, Token).AsTask()));
            while (onTheWay.Count > 20 || (number == first + count - 1 && onTheWay.Count > 0))
            {
                var (oldest, outcome) = onTheWay.Dequeue();
                if ((await outcome.WaitAsync(Deadline, Token)).Verdict == PublishVerdict.Acknowledged) continue;
                await _link.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);
                onTheWay.Enqueue((oldest, _link.SendAsync(topic ?? Own.Inspection(new CameraId("a")), oldest, 0, Token).AsTask()));
            }
        }
    }

    /// <summary>Somebody who hears every number, in a session the broker keeps.</summary>
    public static async Task<(IMqttClient Client, ConcurrentQueue<int> Heard)> ListenAsync(TestBroker broker)
    {
        var heard = new ConcurrentQueue<int>();
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            if (args.ApplicationMessage.Topic.Contains("/inspection/", StringComparison.Ordinal)) heard.Enqueue(int.Parse(args.ApplicationMessage.ConvertPayloadToString()!.Trim(), CultureInfo.InvariantCulture));
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).WithClientId("listener").WithCleanStart(false).WithSessionExpiryInterval(600).Build(), Token);
        await client.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        return (client, heard);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _link.Dispose();
        _stopping.Dispose();
    }
}

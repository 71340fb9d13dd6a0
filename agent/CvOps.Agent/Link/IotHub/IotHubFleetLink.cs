using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Link.IotHub;

/// <summary>
/// The fleet behind an Azure IoT Hub: telemetry with properties, large messages as files, the twin's two halves, direct methods as commands.
/// Ours is the reconnecting; the client does none.
/// </summary>
internal sealed partial class IotHubFleetLink : IFleetLink, IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan RenewalPatience = TimeSpan.FromSeconds(10);

    /// <summary>A hub counts each change of a twin.</summary>
    private static readonly TimeSpan BetweenReports = TimeSpan.FromSeconds(1);

    private readonly LinkOptions _options;
    private readonly DeviceId _device;
    private readonly FleetInbox _inbox;
    private readonly Backoff _backoff;
    private readonly ThrottlePause _throttle;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DirectMethods _methods;
    private readonly HubRegistration _registration = new();
    private readonly SemaphoreSlim _reporting = new(1, 1);
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly LinkPresence _presence = new();
    private HubLine? _line;
    private TwinReported? _reported;
    private TwinReported? _reportedSent;
    private string? _host;

    /// <param name="chance">Even numbers in [0, 1), for the pauses.</param>
    public IotHubFleetLink(LinkOptions options, DeviceId device, FleetInbox inbox, Func<double> chance, TimeProvider time, ILogger<IotHubFleetLink> logger)
    {
        _options = options;
        _device = device;
        _inbox = inbox;
        var first = FirstPause < options.LongestPause ? FirstPause : options.LongestPause;
        _backoff = new Backoff(first, options.LongestPause, chance);
        _throttle = new ThrottlePause(new Backoff(first, options.LongestPause, chance), time);
        _time = time;
        _logger = logger;
        _methods = new DirectMethods(inbox, device, time);
    }

    public LinkState State => _presence.State;

    public string? Problem { get; private set; }

    public int Window => _options.Window;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                _presence.Enter(LinkState.Connecting);
                var access = await HubAccess.OpenAsync(_options, _device, _registration, cancellationToken);
                _host = access.Host;
                using var line = new HubLine(access);
                if (await LiveAsync(line, cancellationToken)) continue;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                _presence.Enter(LinkState.Disconnected);
                return;
            }
            catch (Exception e) when (HubOutcome.IsExpected(e) || e is ArgumentException or FormatException or JsonException)
            {
                if (e is UnauthorizedException or DeviceNotFoundException or IotHubCommunicationException { InnerException: not null }) _registration.Forget();
                Fail(HubOutcome.Text(e));
            }
            try
            {
                await Task.Delay(_backoff.Next(), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public Task WhenConnectedAsync(CancellationToken cancellationToken) => _presence.WhenConnectedAsync(cancellationToken);

    /// <remarks>A hub keeps every message for its own retention time; ours can't be told to it.</remarks>
    public async ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken)
    {
        if (!Topics.TryParse(topic, out var parsed) || parsed.Device != _device) return new PublishOutcome(PublishVerdict.Refused, $"'{topic}' is no topic of this device");
        if (State != LinkState.Connected || Volatile.Read(ref _line) is not { } line) return new PublishOutcome(PublishVerdict.Unknown, "there is no connection to the hub");
        try
        {
            await line.SendAsync(parsed, payload, cancellationToken);
            _throttle.Passed();
            return PublishOutcome.Acknowledged;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && HubOutcome.Of(e) is not null)
        {
            if (HubOutcome.IsThrottled(e)) await Task.Delay(_throttle.Next(), _time, cancellationToken);
            return HubOutcome.Of(e)!.Value;
        }
    }

    public void Report(TwinReported reported)
    {
        Volatile.Write(ref _reported, reported);
        if (State == LinkState.Connected && Volatile.Read(ref _line) is { } line) _ = SendReportAsync(line);
    }

    /// <summary>Nothing: a hub keeps no messages, and its twin says the same.</summary>
    public void Announce(DeviceBirth birth)
    {
    }

    public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) => ValueTask.FromResult(
        _methods.Answer(response) ? PublishOutcome.Acknowledged : new PublishOutcome(PublishVerdict.Refused, "whoever called does not wait for it any more"));

    public void Dispose()
    {
        _reporting.Dispose();
        _refreshing.Dispose();
    }

    /// <returns>True when the next connection should be made at once.</returns>
    private async Task<bool> LiveAsync(HubLine line, CancellationToken cancellationToken)
    {
        var desired = new DesiredDocument();
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, line.Lost))
        {
            limit.CancelAfter(ConnectTimeout);
            try
            {
                var twin = await line.OpenAsync(_methods.HandleAsync, (patch, _) => PatchedAsync(line, desired, patch), limit.Token);
                line.Reported = ReportedRule.Own((JsonObject)JsonNode.Parse(twin.Properties.Reported.ToJson())!);
                Take(desired, twin.Properties.Desired.ToJson());
            }
            catch (OperationCanceledException e) when (line.Lost.IsCancellationRequested)
            {
                throw new IotHubCommunicationException("the connection ended as soon as it was made", e);
            }
        }
        Volatile.Write(ref _line, line);
        Problem = null;
        Log.Connected(_logger, line.Host, _device);
        _presence.Enter(LinkState.Connected);
        _reportedSent = null;
        _ = SendReportAsync(line);
        var since = _time.GetTimestamp();
        try
        {
            var ended = await EndedAsync(line, cancellationToken);
            // Not for a connection that breaks at once, such as that of two devices under one name, or of a hub whose quota is used up.
            if (_time.GetElapsedTime(since) >= StableAfter) _backoff.Reset();
            if (ended) Fail("the connection ended; a busy hub, one whose quota is used up, and another device under this name end it so");
            return !ended;
        }
        finally
        {
            _presence.Enter(LinkState.Connecting);
            Volatile.Write(ref _line, null);
            await line.CloseAsync(cancellationToken.IsCancellationRequested ? TimeSpan.Zero : RenewalPatience, _time);
        }
    }

    /// <returns>True when the connection has ended, false when its token has to be renewed.</returns>
    private async Task<bool> EndedAsync(HubLine line, CancellationToken cancellationToken)
    {
        var ended = line.End.WaitAsync(cancellationToken);
        if (line.RenewAfter is not { } renewAfter)
        {
            await ended;
            return true;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(ended, Task.Delay(renewAfter, _time, stop.Token));
        await stop.CancelAsync();
        if (first == ended) await ended;
        cancellationToken.ThrowIfCancellationRequested();
        return first == ended;
    }

    private void Fail(string reason)
    {
        Problem = $"No connection to the IoT hub{(_host is null ? "" : " " + _host)}: {reason}";
        Log.Lost(_logger, Problem);
        _presence.Enter(LinkState.Disconnected);
    }

    private static partial class Log
    {
        [LoggerMessage(2141, LogLevel.Information, "Connected to the IoT hub {Host} as {Device}")]
        public static partial void Connected(ILogger logger, string host, DeviceId device);

        [LoggerMessage(2142, LogLevel.Warning, "{Problem}")]
        public static partial void Lost(ILogger logger, string problem);

        [LoggerMessage(2143, LogLevel.Warning, "The desired properties can't be read: {Reason}")]
        public static partial void DesiredUnreadable(ILogger logger, string reason);

        [LoggerMessage(2144, LogLevel.Warning, "The reported properties were not taken: {Reason}")]
        public static partial void ReportFailed(ILogger logger, string reason);

        [LoggerMessage(2145, LogLevel.Warning, "A hub's twin holds 32 KB; left out of the reported properties: {Names}")]
        public static partial void ReportTooLarge(ILogger logger, string names);
    }
}

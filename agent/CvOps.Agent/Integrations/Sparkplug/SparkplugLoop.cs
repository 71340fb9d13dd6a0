using System.Buffers;
using System.Security.Cryptography;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>
/// Sparkplug B over a connection of its own. Its values are the newest health's: what was while the broker is away is not kept here, the node's own topics have it.
/// </summary>
/// <param name="latest">The newest health; null before the first.</param>
/// <param name="model">In charge; null before the first.</param>
/// <param name="boot">Counts the agent's starts: where bdSeq begins.</param>
internal sealed partial class SparkplugLoop(
    SparkplugOptions options, DeviceId device, Func<DeviceHealth?> latest, Func<ModelRef?> model, long boot, Func<double> chance, TimeProvider time, ILogger<SparkplugLoop> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var machine = new SparkplugMachine(options.Group, device, (int)(boot % 256));
        var pauses = new Backoff(FirstPause, options.Link.LongestPause > FirstPause ? options.Link.LongestPause : FirstPause, chance);
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                var broker = LinkOptions.Parse(options.Link.Brokers[attempt % options.Link.Brokers.Count])!;
                try
                {
                    await LiveAsync(machine, broker, pauses, stoppingToken);
                }
                catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException or IOException or CryptographicException or UnauthorizedAccessException
                    || e is OperationCanceledException && !stoppingToken.IsCancellationRequested)
                {
                    Log.Lost(logger, broker, e.Message);
                }
                await Task.Delay(pauses.Next(), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the goodbye was said.
        }
    }

    /// <summary>One connection, from its birth certificates to its end.</summary>
    private async Task LiveAsync(SparkplugMachine machine, Uri broker, Backoff pauses, CancellationToken stopping)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        var rebirth = 0;
        client.ApplicationMessageReceivedAsync += received =>
        {
            if (received.ApplicationMessage.Topic == machine.Commands && SparkplugPayload.AsksForRebirth(received.ApplicationMessage.Payload.ToArray())) Interlocked.Exchange(ref rebirth, 1);
            return Task.CompletedTask;
        };
        await ConnectAsync(client, machine, broker, stopping);
        Log.Connected(logger, broker);
        using var timer = new PeriodicTimer(options.Interval, time);
        DeviceHealth? said = null;
        try
        {
            do
            {
                var health = latest();
                if (health is null || !client.IsConnected) continue;
                var again = Interlocked.Exchange(ref rebirth, 0) == 1 || said is null;
                if (!again && ReferenceEquals(health, said)) continue;
                said = health;
                var state = SparkplugState.Of(health, model(), AgentVersion.Text);
                foreach (var message in again ? machine.Birth(state) : machine.Next(state)) await SayAsync(client, message, MqttQualityOfServiceLevel.AtMostOnce, stopping);
                pauses.Reset();
            }
            while (client.IsConnected && await timer.WaitForNextTickAsync(stopping));
            Log.Lost(logger, broker, "the connection ended");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await SayGoodbyeAsync(client, machine);
            throw;
        }
    }

    private async Task ConnectAsync(IMqttClient client, SparkplugMachine machine, Uri broker, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(options.Link.Timeout);
        var will = machine.Connecting(time.GetUtcNow());
        var attempt = MqttConnectOptions.Make(options.Link, broker, device, (will.Topic, will.Payload), time);
        using var own = attempt.Own;
        // A session of its own, clean each time, whose will is not retained: so the specification wants it.
        (attempt.Options.ClientId, attempt.Options.CleanSession, attempt.Options.SessionExpiryInterval) = ($"{device}-sparkplug", true, 0);
        (attempt.Options.WillRetain, attempt.Options.WillContentType) = (false, null);
        var result = await client.ConnectAsync(attempt.Options, limit.Token);
        if (result.ResultCode != MqttClientConnectResultCode.Success) throw new MqttCommunicationException(BrokerAnswer.Of(result.ResultCode, result.ReasonString, result.ServerReference));
        var subscribed = await client.SubscribeAsync(machine.Commands, MqttQualityOfServiceLevel.AtLeastOnce, limit.Token);
        if (subscribed.Items.FirstOrDefault(item => item.ResultCode >= MqttClientSubscribeResultCode.UnspecifiedError) is { } denied)
            throw new MqttCommunicationException(BrokerAnswer.Of(denied.ResultCode, denied.TopicFilter.Topic));
    }

    private async Task SayGoodbyeAsync(IMqttClient client, SparkplugMachine machine)
    {
        using var limit = new CancellationTokenSource(GoodbyeTimeout);
        try
        {
            if (client.IsConnected) await SayAsync(client, machine.Death(time.GetUtcNow()), MqttQualityOfServiceLevel.AtLeastOnce, limit.Token);
            await client.TryDisconnectAsync();
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException)
        {
            // The broker sends the will.
        }
    }

    private static Task<MqttClientPublishResult> SayAsync(IMqttClient client, SparkplugMessage message, MqttQualityOfServiceLevel qos, CancellationToken cancellationToken) =>
        client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(message.Topic).WithPayload(message.Payload).WithQualityOfServiceLevel(qos).Build(), cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(2161, LogLevel.Information, "Sparkplug: connected to {Broker}")]
        public static partial void Connected(ILogger logger, Uri broker);

        [LoggerMessage(2162, LogLevel.Warning, "Sparkplug: no connection to {Broker}: {Reason}")]
        public static partial void Lost(ILogger logger, Uri broker, string reason);
    }
}

using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Twin;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Agent.Doctor;

/// <summary>Each broker: reached, believed, signed in, and taking what this device writes.</summary>
/// <param name="running">The agent's process; null when it does not run. A second sign-in under its name would end its connection.</param>
internal sealed class BrokerCheck(AgentOptions options, string path, int? running, TimeProvider time)
{
    private const string Check = "broker";
    private const string Access = "broker's access";

    public async Task RunAsync(List<DoctorFinding> findings, CancellationToken cancel)
    {
        if (options.Link.Iothub is not null)
        {
            findings.Add(DoctorFinding.Ok(Check, "this device speaks with an Azure IoT Hub, whose answers are in the agent's journal: journalctl -u cvops-agent"));
            return;
        }
        foreach (var text in options.Link.Brokers)
        {
            var broker = LinkOptions.Parse(text)!;
            var address = $"{broker.Scheme}://{broker.Authority}";
            if (running is null) await SignInAsync(broker, address, findings, cancel);
            else await ReachAsync(broker, address, findings, cancel);
            if (LinkOptions.IsSecure(broker) && await ServerCertificate.LookAsync(broker.Host, Port(broker), Own(), options.Link.Timeout, cancel) is { } shown)
                using (shown) findings.Add(DoctorRules.Certificate("broker's certificate", $"that of {address}", shown.NotBefore.ToUniversalTime(), shown.NotAfter.ToUniversalTime(), time.GetUtcNow(),
                    "Have the broker's certificate issued anew by the fleet's authority and restart the broker: systemctl restart mosquitto."));
        }
    }

    /// <summary>A connection of the agent is there already: only the way to the broker is tried.</summary>
    private async Task ReachAsync(Uri broker, string address, List<DoctorFinding> findings, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.Link.Timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(broker.Host, Port(broker), limit.Token);
            findings.Add(DoctorFinding.Ok(Check, $"{address} is reached; the agent itself (process {running}) is its client, so nobody signed in beside it: journalctl -u cvops-agent has its answers"));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            findings.Add(Failed(address, broker, ConnectProblem.Describe(e, broker, null, null, time.GetUtcNow(), options.Link.Timeout), e));
        }
    }

    private async Task SignInAsync(Uri broker, string address, List<DoctorFinding> findings, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.Link.Timeout);
        var topics = new Topics(options.Site, options.Device);
        using var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += received =>
        {
            // A command that waits for the agent stays the broker's until the agent takes it.
            received.AutoAcknowledge = false;
            return Task.CompletedTask;
        };
        ConnectAttempt? attempt = null;
        try
        {
            attempt = MqttConnectOptions.Make(options.Link, broker, options.Device, null, time);
            var result = await client.ConnectAsync(attempt.Options, limit.Token);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
            {
                findings.Add(Failed(address, broker, BrokerAnswer.Of(result.ResultCode, result.ReasonString, result.ServerReference), null));
                return;
            }
            findings.Add(DoctorFinding.Ok(Check, $"{address} lets {options.Device} in"));
            findings.Add(await WriteAsync(client, topics, limit.Token));
            await client.TryDisconnectAsync();
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            findings.Add(Failed(address, broker, ConnectProblem.Describe(e, broker, attempt?.Trust?.Distrust, attempt?.Own, time.GetUtcNow(), options.Link.Timeout), e));
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
        {
            findings.Add(Failed(address, broker, e.Message, null));
        }
        finally
        {
            attempt?.Own?.Dispose();
        }
    }

    /// <summary>An answer to a command that nobody gave: the fleet knows nobody who waits for it, and the broker says whether this device may write.</summary>
    private async Task<DoctorFinding> WriteAsync(IMqttClient client, Topics topics, CancellationToken cancel)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"doctor-{Environment.ProcessId}");
        var nothing = new CommandResponse(id, options.Device, true, "the doctor's look");
        var message = new MqttApplicationMessageBuilder().WithTopic(topics.Response(id)).WithPayload(JsonSerializer.SerializeToUtf8Bytes(nothing, ContractsJson.Default.CommandResponse))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        var answer = await client.PublishAsync(message, cancel);
        return answer.IsSuccess
            ? DoctorFinding.Ok(Access, $"{options.Device} may write under {Topics.Root}/{options.Site}/{options.Device}/")
            : DoctorFinding.Fail(Access, BrokerAnswer.Of(answer.ReasonCode, answer.ReasonString), $"Compare the broker's acl_file with deploy/cloud (a device writes {Topics.Root}/+/%u/...), and site: and device: in {path} with the name in its certificate.");
    }

    private DoctorFinding Failed(string address, Uri broker, string reason, Exception? failure) => BrokerMend.Of(Check, address, broker, Port(broker), path, reason, failure);

    private X509Certificate2? Own()
    {
        try
        {
            return string.IsNullOrEmpty(options.Link.Certificate) ? null : X509Certificate2.CreateFromPemFile(options.Link.Certificate, options.Link.Key);
        }
        catch (Exception e) when (e is IOException or CryptographicException or ArgumentException or UnauthorizedAccessException)
        {
            // The check of the certificates says it.
            return null;
        }
    }

    private static int Port(Uri broker) => broker.Port > 0 ? broker.Port : broker.Scheme switch
    {
        LinkOptions.TlsScheme => 8883,
        LinkOptions.PlainScheme => 1883,
        _ => LinkOptions.IsSecure(broker) ? 443 : 80,
    };
}

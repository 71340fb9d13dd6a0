using System.Buffers;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Azure.Devices.Client;
using Microsoft.Azure.Devices.Shared;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Microsoft.Azure.Devices.Provisioning.Client.Transport;

public abstract class ProvisioningTransportHandler : IDisposable
{
    /// <summary>Decides alone whether the service's certificate is trusted; null: the system decides.</summary>
    public RemoteCertificateValidationCallback? RemoteCertificateValidationCallback { get; set; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal abstract Task<DeviceRegistrationResult> RegisterAsync(string endpoint, string idScope, SecurityProvider security, CancellationToken cancellationToken);

    protected virtual void Dispose(bool disposing)
    {
        // Each registration ends its connection itself.
    }
}

/// <summary>A connection for each registration: MQTT 3.1.1 over TLS on port 8883.</summary>
public class ProvisioningTransportHandlerMqtt : ProvisioningTransportHandler
{
    private const int Port = 8883;
    private const string ApiVersion = "2019-03-31";
    private const string Results = "$dps/registrations/res/";
    private const string KeyName = "registration";

    private static readonly TimeSpan TokenLife = TimeSpan.FromDays(1);
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(2);

    /// <exception cref="NotSupportedException">Anything but TCP.</exception>
    public ProvisioningTransportHandlerMqtt(TransportFallbackType transportFallbackType)
    {
        if (transportFallbackType != TransportFallbackType.TcpOnly) throw new NotSupportedException("This stand-in speaks MQTT over TCP alone.");
    }

    internal override async Task<DeviceRegistrationResult> RegisterAsync(string endpoint, string idScope, SecurityProvider security, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new MqttClientFactory().CreateMqttClient();
            var answers = Channel.CreateUnbounded<(string Topic, string Body)>();
            client.ApplicationMessageReceivedAsync += received =>
            {
                answers.Writer.TryWrite((received.ApplicationMessage.Topic, Encoding.UTF8.GetString(received.ApplicationMessage.Payload.ToArray())));
                return Task.CompletedTask;
            };
            client.DisconnectedAsync += ended =>
            {
                answers.Writer.TryComplete(new ProvisioningTransportException("MQTT transport exception: channel closed.", ended.Exception, true));
                return Task.CompletedTask;
            };
            var result = await client.ConnectAsync(Options(endpoint, idScope, security), cancellationToken);
            if (result.ResultCode != MqttClientConnectResultCode.Success)
                throw new ProvisioningTransportException($"CONNACK failed with {result.ResultCode}", null, result.ResultCode == MqttClientConnectResultCode.ServerUnavailable);
            await client.SubscribeAsync(Results + "#", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken);
            var registered = await AskAsync(client, answers.Reader, security.GetRegistrationID(), cancellationToken);
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), cancellationToken);
            return registered;
        }
        catch (Exception e) when (e is MqttCommunicationException or MqttProtocolViolationException)
        {
            throw new ProvisioningTransportException($"MQTT transport exception: {e.Message}", e, true);
        }
    }

    private static async Task<DeviceRegistrationResult> AskAsync(IMqttClient client, ChannelReader<(string Topic, string Body)> answers, string registrationId, CancellationToken cancellationToken)
    {
        var request = "$dps/registrations/PUT/iotdps-register/?$rid={0}";
        for (var number = 1; ; number++)
        {
            var topic = string.Format(CultureInfo.InvariantCulture, request, number);
            await client.PublishAsync(new MqttApplicationMessage { Topic = topic, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }, cancellationToken);
            var (answer, body) = await answers.ReadAsync(cancellationToken);
            var status = int.Parse(answer[Results.Length..].Split('/')[0], CultureInfo.InvariantCulture);
            if (status >= 400) throw new ProvisioningTransportException(body, null, status is 429 or >= 500);
            var operation = JsonNode.Parse(body)!;
            if ((string?)operation["status"] is not ("assigning" or "unassigned")) return Result(operation["registrationState"], registrationId);
            await Task.Delay(RetryAfter(answer), cancellationToken);
            request = $"$dps/registrations/GET/iotdps-get-operationstatus/?$rid={{0}}&operationId={(string?)operation["operationId"]}";
        }
    }

    private static DeviceRegistrationResult Result(JsonNode? state, string registrationId) => new()
    {
        RegistrationId = registrationId,
        AssignedHub = (string?)state?["assignedHub"],
        DeviceId = (string?)state?["deviceId"],
        Status = Enum.TryParse<ProvisioningRegistrationStatusType>((string?)state?["status"], true, out var status) ? status : ProvisioningRegistrationStatusType.Failed,
        ErrorCode = (int?)state?["errorCode"] ?? 0,
        ErrorMessage = (string?)state?["errorMessage"],
    };

    private static TimeSpan RetryAfter(string topic)
    {
        var said = topic.Split('?')[^1].Split('&').Select(pair => pair.Split('=', 2)).FirstOrDefault(pair => pair[0].Equals("retry-after", StringComparison.OrdinalIgnoreCase));
        return said is [_, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > LeastPause.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LeastPause;
    }

    private MqttClientOptions Options(string endpoint, string idScope, SecurityProvider security)
    {
        var id = security.GetRegistrationID();
        var password = security is SecurityProviderSymmetricKey key ? SasToken.Make($"{idScope}/registrations/{id}", key.GetPrimaryKey(), DateTimeOffset.UtcNow + TokenLife, KeyName) : null;
        return new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithTcpServer(endpoint, Port)
            .WithClientId(id)
            .WithCleanSession()
            .WithCredentials($"{idScope}/registrations/{id}/api-version={ApiVersion}&ClientVersion={Uri.EscapeDataString(".NET/CvOps stand-in")}", password)
            .WithTlsOptions(tls =>
            {
                tls.WithTargetHost(endpoint).WithRevocationMode(X509RevocationMode.NoCheck);
                if (security is SecurityProviderX509Certificate certificate) tls.WithClientCertificates([certificate.GetAuthenticationCertificate()]);
                if (RemoteCertificateValidationCallback is { } decide)
                    tls.WithCertificateValidationHandler(shown => decide(this, shown.Certificate, shown.Chain, shown.SslPolicyErrors));
                else tls.WithCertificateValidationHandler(shown => shown.SslPolicyErrors == SslPolicyErrors.None);
            })
            .Build();
    }
}

using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using MQTTnet;
using MQTTnet.Formatter;

namespace CvOps.Fleet.Access;

/// <summary>
/// Ends a device's connection, at any broker: the fleet connects under the device's client id, so the broker closes the older connection and
/// its session with it (MQTT 5, 3.1.4).
/// </summary>
internal sealed class DeviceEviction(IOptions<FleetOptions> options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <returns>Why it could not be done; null when it is done.</returns>
    public async Task<string?> EvictAsync(string device, CancellationToken cancel)
    {
        var settings = options.Value;
        var broker = new Uri(settings.Broker);
        var secure = broker.Scheme == "mqtts";
        var authorities = new X509Certificate2Collection();
        using var client = new MqttClientFactory().CreateMqttClient();
        try
        {
            var builder = new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port > 0 ? broker.Port : secure ? 8883 : 1883)
                .WithProtocolVersion(MqttProtocolVersion.V500).WithClientId(device).WithCleanStart(true).WithSessionExpiryInterval(0).WithTimeout(Patience);
            if (secure)
            {
                authorities.ImportFromPemFile(settings.Ca!);
                authorities.Add(X509Certificate2.CreateFromPemFile(settings.Certificate!, settings.Key!));
                builder.WithTlsOptions(tls => tls.UseTls().WithClientCertificates([authorities[^1]]).WithTrustChain([.. authorities.SkipLast(1)]).WithRevocationMode(X509RevocationMode.NoCheck));
            }
            var result = await client.ConnectAsync(builder.Build(), cancel);
            await client.TryDisconnectAsync();
            return result.ResultCode == MqttClientConnectResultCode.Success ? null : $"{result.ResultCode} {result.ReasonString}";
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            return e.GetBaseException().Message;
        }
        finally
        {
            foreach (var certificate in authorities) certificate.Dispose();
        }
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts.Doctor;
using CvOps.Fleet.Ingest;
using MQTTnet;

namespace CvOps.Fleet.Doctor;

/// <summary>The fleet's broker: a connection made for this look, what it lets the fleet write, and the certificate it shows.</summary>
internal sealed class BrokerCheck(FleetLink link, FleetOptions options, TimeProvider time)
{
    private const string Check = "broker";
    private const string Access = "broker's access";

    /// <summary>Below the fleet's own tree, where nobody listens.</summary>
    private const string Nowhere = "cvops/doctor";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task RunAsync(List<DoctorFinding> findings, CancellationToken cancel)
    {
        var broker = new Uri(options.Broker);
        var address = $"{broker.Scheme}://{broker.Host}:{Port(broker)}";
        if (await TryAsync(findings, address, cancel) && !link.IsConnected)
            findings.Add(DoctorFinding.Warn(Check, "the fleet's own connection is not there now, though the broker lets it in", "Wait half a minute and look again; then read the fleet's log: journalctl -u cvops-fleet."));
        if (broker.Scheme != "mqtts") return;
        using var own = Own();
        if (await ServerCertificate.LookAsync(broker.Host, Port(broker), own, Patience, cancel) is not { } shown) return;
        using (shown)
            findings.Add(DoctorRules.Certificate("broker's certificate", $"that of {address}", shown.NotBefore.ToUniversalTime(), shown.NotAfter.ToUniversalTime(), time.GetUtcNow(),
                "Have the broker's certificate issued anew by the fleet's authority and restart the broker: systemctl restart mosquitto."));
    }

    private async Task<bool> TryAsync(List<DoctorFinding> findings, string address, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        using var client = new MqttClientFactory().CreateMqttClient();
        try
        {
            var connected = await client.ConnectAsync(link.OptionsForALook($"{options.ClientId}-doctor-{Guid.NewGuid():N}"), limit.Token);
            if (connected.ResultCode != MqttClientConnectResultCode.Success)
            {
                findings.Add(DoctorFinding.Fail(Check, $"{address} refuses the fleet: {connected.ResultCode} {connected.ReasonString}".TrimEnd(),
                    $"Show it a certificate of the authority it knows (--certificate {options.Certificate}), or add its name to the broker's acl_file; the broker's log has the reason: journalctl -u mosquitto."));
                return false;
            }
            findings.Add(DoctorFinding.Ok(Check, $"{address} lets the fleet in"));
            var answer = await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(Nowhere).WithPayload("{}").WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce).Build(), limit.Token);
            findings.Add(answer.IsSuccess ? DoctorFinding.Ok(Access, "the fleet may write under cvops/")
                : DoctorFinding.Fail(Access, $"the fleet may not write under cvops/: {answer.ReasonCode}", $"Let it: 'user {CertificateName()}' and 'topic readwrite cvops/#' in the broker's acl_file, then systemctl reload mosquitto."));
            await client.TryDisconnectAsync();
            return true;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && e is not OutOfMemoryException)
        {
            findings.Add(BrokerMend.Of(Check, address, new Uri(options.Broker), Port(new Uri(options.Broker)), e));
            return false;
        }
    }

    private string CertificateName()
    {
        using var own = Own();
        return own?.GetNameInfo(X509NameType.SimpleName, false) ?? Contracts.Identity.CertificateAuthority.FleetName;
    }

    private X509Certificate2? Own()
    {
        try
        {
            return options.Certificate is null || options.Key is null ? null : X509Certificate2.CreateFromPemFile(options.Certificate, options.Key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // The check of the certificates says it.
            return null;
        }
    }

    private static int Port(Uri broker) => broker.Port > 0 ? broker.Port : broker.Scheme == "mqtts" ? 8883 : 1883;
}

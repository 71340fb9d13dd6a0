using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Enrolment;

/// <summary>
/// Renews the device's certificate over its own topics before it ends. The present pair stays until the next one is whole on disk; the link takes
/// the new one up when it connects next, and until its end the old one is as good.
/// </summary>
internal sealed partial class RenewalLoop(AgentOptions options, DeviceIdentity identity, FleetInbox inbox, IFleetLink link, TimeProvider time, ILogger<RenewalLoop> log) : BackgroundService
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromHours(1);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    private readonly Topics _topics = new(options.Site, options.Device);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var pause = FirstPause; ;)
            {
                var (due, end) = Read();
                var now = time.GetUtcNow();
                if (now < due)
                {
                    // Not in one go: the clock may be set meanwhile. A second more: timers cut off parts of a millisecond.
                    await Task.Delay(due - now < LongestLook ? due - now + Second : LongestLook, time, stoppingToken);
                    pause = FirstPause;
                    continue;
                }
                if (await RenewAsync(stoppingToken) is not { } problem) continue;
                Log.NotRenewed(log, end, problem, pause);
                await Task.Delay(pause, time, stoppingToken);
                pause = pause * 2 < LongestLook ? pause * 2 : LongestLook;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <returns>When the present certificate is to be renewed and when it ends; now for one that cannot be read.</returns>
    private (DateTimeOffset Due, DateTimeOffset End) Read()
    {
        using var present = identity.Load();
        return present is null ? (time.GetUtcNow(), time.GetUtcNow()) : (RenewalRule.At(present.NotBefore, present.NotAfter), present.NotAfter);
    }

    /// <returns>Why not, in a sentence; null when the next certificate is in place.</returns>
    private async Task<string?> RenewAsync(CancellationToken cancel)
    {
        try
        {
            using var present = identity.Load();
            using var presentKey = present?.GetECDsaPrivateKey();
            if (present is null || presentKey is null) return "certificate and key do not belong together; enrol this device again: cvops-agent enroll";
            if (time.GetUtcNow() >= present.NotAfter) return "it has ended; enrol this device again: cvops-agent enroll";
            using var nextKey = identity.OpenNextKey();
            await link.WhenConnectedAsync(cancel);
            // An answer that came late is as good: the key is the same until one is taken.
            var request = DeviceRequest.Make(options.Device, nextKey);
            var proof = presentKey.SignData(EnrolmentProof.ForRenewal(DeviceRequest.Read(request).Der), HashAlgorithmName.SHA256);
            var sent = await link.SendAsync(_topics.CertificateRequest,
                JsonSerializer.SerializeToUtf8Bytes(new CertificateRenewal(request, present.ExportCertificatePem(), proof), ContractsJson.Default.CertificateRenewal), (uint)AnswerPatience.TotalSeconds, cancel);
            if (sent.Verdict != PublishVerdict.Acknowledged) return $"the request was not taken: {sent.Reason}";
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), patience, AnswerPatience, Timeout.InfiniteTimeSpan);
            return await TakeAsync(nextKey, patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "the fleet did not answer";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"{e.Message} The agent's user needs to write the folder of link.certificate and link.key";
        }
    }

    private async Task<string?> TakeAsync(ECDsa nextKey, CancellationToken cancel)
    {
        var answer = await inbox.Certificates.ReadAsync(cancel);
        if (answer.Certificate is not { } pem) return $"the fleet refused: {answer.Problem}";
        using var authority = X509CertificateLoader.LoadCertificateFromFile(options.Link.Ca!);
        using var certificate = X509Certificate2.CreateFromPem(pem);
        if (DeviceIdentity.Problem(certificate, nextKey, options.Device, authority, time.GetUtcNow()) is { } problem) return problem;
        identity.Install(pem);
        DateTimeOffset end = certificate.NotAfter;
        Log.Renewed(log, end);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2151, Level = LogLevel.Information, Message = "The device's certificate was renewed; it is good until {End}")]
        public static partial void Renewed(ILogger logger, DateTimeOffset end);

        [LoggerMessage(EventId = 2152, Level = LogLevel.Warning, Message = "The device's certificate, good until {End}, was not renewed: {Reason}. Next try in {Pause}")]
        public static partial void NotRenewed(ILogger logger, DateTimeOffset end, string reason, TimeSpan pause);
    }
}

using CvOps.Agent.Link;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary>The fleet manager over HTTP: models are fetched from there, and its clock is the one evidence is ordered by.</summary>
internal static class FleetCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const string Check = "fleet";

    /// <param name="fleet">Null: nothing on this device names it.</param>
    /// <param name="authority">PEM of whom to believe besides the machine's authorities.</param>
    public static async Task RunAsync(Uri? fleet, string? authority, List<DoctorFinding> findings, TimeProvider time, CancellationToken cancel)
    {
        if (fleet is null)
        {
            findings.Add(DoctorFinding.Ok(Check, "its address is not known here, since no model came from it yet; --fleet URL asks it"));
            return;
        }
        var address = fleet.GetLeftPart(UriPartial.Authority);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = FleetTrust.With(authority) } };
        using var http = new HttpClient(handler) { Timeout = Patience };
        try
        {
            var before = time.GetUtcNow();
            using var answer = await http.GetAsync(new Uri(new Uri(address), "/healthz"), cancel);
            var after = time.GetUtcNow();
            findings.Add(answer.IsSuccessStatusCode
                ? DoctorFinding.Ok(Check, $"{address} answers")
                : DoctorFinding.Fail(Check, $"{address} answers {(int)answer.StatusCode} {answer.ReasonPhrase}", $"Start the fleet manager there: systemctl status cvops-fleet; 'cvops doctor --fleet {address}' looks closer."));
            if (answer.Headers.Date is not { } said) return;
            var (ahead, uncertainty) = FleetClock.Of(said, before, after);
            findings.Add(DoctorRules.Offset("clock", ahead, uncertainty, "the fleet's"));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            findings.Add(DoctorFinding.Fail(Check, $"nobody answers at {address}: {e.GetBaseException().Message.TrimEnd('.')}", $"Start the fleet manager, or let this device through to it (curl -v {address}/healthz); models come from there, telemetry does not."));
        }
    }
}

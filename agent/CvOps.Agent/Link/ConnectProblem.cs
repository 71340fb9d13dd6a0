using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace CvOps.Agent.Link;

/// <summary>Why a broker can't be reached, in words that say what to do.</summary>
internal static class ConnectProblem
{
    /// <param name="failure">What connecting threw.</param>
    /// <param name="distrust">Why we did not believe the broker; null when we did, or never came so far.</param>
    /// <param name="own">Our certificate; null without one.</param>
    public static string Describe(Exception failure, Uri broker, string? distrust, X509Certificate2? own, DateTimeOffset now, TimeSpan limit)
    {
        if (distrust is not null) return $"it is not trusted: {distrust}";
        if (failure is OperationCanceledException) return string.Create(CultureInfo.InvariantCulture, $"no answer within {limit.TotalSeconds:0.#} s; a firewall may swallow it, or something else listens there");
        var causes = Causes(failure).ToList();
        if (causes.OfType<SocketException>().FirstOrDefault() is { } socket && OfSocket(socket, broker) is { } reached) return reached;
        if (own is not null && OfOwnCertificate(causes, own, now) is { } refused) return refused;
        return Reason(failure);
    }

    /// <summary>With the innermost reason: of a failed TLS handshake the outer ones say only that it failed.</summary>
    public static string Reason(Exception e) =>
        e.GetBaseException().Message is var innermost && e.Message.Contains(innermost, StringComparison.Ordinal) ? e.Message : $"{e.Message} ({innermost})";

    private static string? OfSocket(SocketException failure, Uri broker) => failure.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"the name '{broker.Host}' is not known; look at link: brokers, and at this device's name server",
        SocketError.ConnectionRefused => $"nothing listens at port {(broker.Port < 0 ? "of that scheme" : broker.Port.ToString(CultureInfo.InvariantCulture))} there; is the broker running, and is the port right?",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown => "there is no way to it; is the cable in, the address right, a gateway set?",
        SocketError.TimedOut => "the network gave no answer; is the machine on, and does a firewall let this port through?",
        _ => null,
    };

    /// <summary>What a server says as a TLS alert (RFC 8446, section 6.2), in OpenSSL's words.</summary>
    private static string? OfOwnCertificate(List<Exception> causes, X509Certificate2 own, DateTimeOffset now)
    {
        var said = string.Join(' ', causes.Select(cause => cause.Message));
        bool Said(string alert) => said.Contains("alert " + alert, StringComparison.OrdinalIgnoreCase);
        var subject = $"this device's certificate ('{own.Subject}')";
        if (Said("certificate revoked")) return $"{subject} was revoked; if the device is to come back, enrol it again (cvops-agent enroll)";
        if (Said("unknown ca")) return $"it does not know the authority that issued {subject}, '{own.Issuer}'; enrol the device with the fleet this broker belongs to (cvops-agent enroll)";
        var tls = said.Contains("alert", StringComparison.OrdinalIgnoreCase) || said.Contains("certificate", StringComparison.OrdinalIgnoreCase);
        if (own.NotAfter.ToUniversalTime() < now && tls)
            return string.Create(CultureInfo.InvariantCulture, $"{subject} expired on {own.NotAfter.ToUniversalTime():u}; enrol the device again (cvops-agent enroll), or set its clock if that is wrong");
        if (own.NotBefore.ToUniversalTime() > now && tls)
            return string.Create(CultureInfo.InvariantCulture, $"{subject} is valid only from {own.NotBefore.ToUniversalTime():u}; this device's clock, {now.UtcDateTime:u}, is behind: set it (NTP)");
        if (Said("certificate expired")) return $"by its clock {subject} is not valid now; set the broker's clock, or enrol the device again (cvops-agent enroll)";
        return Said("certificate required") || Said("bad certificate") || Said("certificate unknown") || Said("access denied")
            ? $"it does not accept {subject}; enrol the device with the fleet this broker belongs to (cvops-agent enroll)"
            : null;
    }

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException) yield return cause;
    }
}

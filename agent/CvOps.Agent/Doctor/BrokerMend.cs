using System.Net.Sockets;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary>What the link says of a broker that it can't have, as a finding with what to do. Pure.</summary>
internal static class BrokerMend
{
    /// <param name="reason">As the link says it, such as "it is not trusted: ...; ...".</param>
    /// <param name="failure">What connecting threw; null for a broker that answered.</param>
    public static DoctorFinding Of(string check, string address, Uri broker, int port, string configuration, string reason, Exception? failure)
    {
        var (found, mend) = Cut(reason);
        if (failure is not null && SocketOf(failure) is { } code) mend = OfSocket(code, broker, port, configuration);
        else if (failure is OperationCanceledException) mend = $"See who holds it back: nc -vz {broker.Host} {port}, then the firewall between here and there.";
        return DoctorFinding.Fail(check, $"{address}: {found}", mend ?? $"Compare link: brokers in {configuration} with what 'cvops-fleet --public-brokers' names, and read the broker's log: journalctl -u mosquitto.");
    }

    private static string OfSocket(SocketError code, Uri broker, int port, string configuration) => code switch
    {
        SocketError.ConnectionRefused => $"Start the broker on {broker.Host} (systemctl start mosquitto), or correct the port {port} in link: brokers of {configuration}.",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"Correct the name in link: brokers of {configuration}, or make it known; 'getent hosts {broker.Host}' says when it is.",
        _ => $"Look for the way to it: ip route get {broker.Host}, then nc -vz {broker.Host} {port}.",
    };

    private static SocketError? SocketOf(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
            if (cause is SocketException socket) return socket.SocketErrorCode;
        return null;
    }

    /// <summary>The link's sentences have what is wrong first, then what to do behind a semicolon or a colon.</summary>
    private static (string Found, string? Mend) Cut(string reason)
    {
        var text = reason.TrimEnd('.');
        var at = text.IndexOf("; ", StringComparison.Ordinal);
        if (at < 0 && text.StartsWith("it is not trusted", StringComparison.Ordinal)) at = text.LastIndexOf(": ", StringComparison.Ordinal);
        if (at <= 0) return (text, null);
        var advice = text[(at + 2)..];
        return (text[..at], $"{char.ToUpperInvariant(advice[0])}{advice[1..]}.");
    }
}

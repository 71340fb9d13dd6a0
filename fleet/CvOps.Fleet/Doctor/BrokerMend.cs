using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using CvOps.Contracts.Doctor;

namespace CvOps.Fleet.Doctor;

/// <summary>Why a broker can't be had, and what to do. Pure.</summary>
internal static class BrokerMend
{
    public static DoctorFinding Of(string check, string address, Uri broker, int port, Exception failure)
    {
        var causes = Causes(failure).ToArray();
        if (causes.OfType<SocketException>().FirstOrDefault() is { } socket) return socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => DoctorFinding.Fail(check, $"nothing listens at {address}", $"Start the broker on {broker.Host} (systemctl start mosquitto), or correct --broker."),
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => DoctorFinding.Fail(check, $"the name '{broker.Host}' is not known", $"Correct --broker, or make the name known; 'getent hosts {broker.Host}' says when it is."),
            var code => DoctorFinding.Fail(check, $"there is no way to {address} ({code})", $"Look for it: ip route get {broker.Host}, then nc -vz {broker.Host} {port}."),
        };
        if (causes.OfType<OperationCanceledException>().Any() || causes.OfType<TimeoutException>().Any())
            return DoctorFinding.Fail(check, $"{address} does not answer in time", $"See who holds it back: nc -vz {broker.Host} {port}, then the firewall between here and there.");
        var said = causes[^1].Message.TrimEnd('.');
        return causes.Any(cause => cause is AuthenticationException or CryptographicException)
            ? DoctorFinding.Fail(check, $"{address} and the fleet do not believe each other: {said}", "Compare --ca, --certificate and --key with the broker's cafile and certfile: all of them come from one authority.")
            : DoctorFinding.Fail(check, $"{address}: {said}", "Read what the broker says of it: journalctl -u mosquitto.");
    }

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException) yield return cause;
    }
}

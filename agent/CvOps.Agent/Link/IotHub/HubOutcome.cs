using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Microsoft.Azure.Devices.Client.Exceptions;

namespace CvOps.Agent.Link.IotHub;

/// <summary>What a failed operation of the hub's client means for the message, and in words.</summary>
internal static class HubOutcome
{
    /// <summary>
    /// A hub that hangs up says never why, and does so when it is busy or the day's quota is used up: no message is suspected for it. What it would
    /// hang up over, a size, is looked at before.
    /// </summary>
    /// <returns>Null for what is neither the network's nor the hub's doing.</returns>
    public static PublishOutcome? Of(Exception failure) => failure switch
    {
        MessageTooLargeException or ArgumentException => new PublishOutcome(PublishVerdict.Refused, $"the hub refused it: {Text(failure)}"),
        _ when IsExpected(failure) => new PublishOutcome(PublishVerdict.Unknown, Text(failure)),
        _ => null,
    };

    /// <summary>The hub asks for less: wait, then send again.</summary>
    public static bool IsThrottled(Exception failure) => failure is IotHubThrottledException or QuotaExceededException or ServerBusyException;

    /// <summary>What a network, a hub or a file of ours may do.</summary>
    public static bool IsExpected(Exception failure) => failure is IotHubException or AuthenticationException or IOException or SocketException
        or HttpRequestException or TimeoutException or OperationCanceledException or ObjectDisposedException or CryptographicException or UnauthorizedAccessException;

    /// <summary>With the innermost reason, and with what to do where that is known.</summary>
    public static string Text(Exception failure) => failure switch
    {
        UnauthorizedException => $"it does not accept this device's credentials ({failure.Message}); check that the hub has the device and has it enabled, its key or certificate, and this machine's clock",
        DeviceNotFoundException => $"it does not know this device ({failure.Message})",
        AuthenticationException => $"its certificate is not trusted: {Innermost(failure)}",
        QuotaExceededException => $"its quota is used up ({failure.Message}); messages wait on this disk until it takes them again",
        IotHubThrottledException or ServerBusyException => $"it is busy ({failure.Message})",
        OperationCanceledException => "the connection ended, or did not answer in time",
        _ => Innermost(failure),
    };

    private static string Innermost(Exception failure) =>
        failure.GetBaseException().Message is var innermost && failure.Message.Contains(innermost, StringComparison.Ordinal) ? failure.Message : $"{failure.Message} ({innermost})";
}

using System.Text.RegularExpressions;

namespace CvOps.Fleet.Access;

/// <param name="Who">Network address or client id, as the broker tells it.</param>
/// <param name="What">The broker's words.</param>
internal sealed record BrokerRefusal(string Who, string What);

/// <summary>
/// Finds in mosquitto's log whom it turned away. It says who connects in one line and why it failed in another, so the address of a failed handshake is
/// that of the newest connection. What the access list denies it does not log unless told to log everything.
/// </summary>
internal sealed partial class BrokerLogRule
{
    private string _newest = "unknown";

    /// <param name="line">Lines in their order.</param>
    /// <returns>Null for a line that tells of no refusal, or takes too long to look through: clients choose a part of what stands in it.</returns>
    public BrokerRefusal? Read(string line)
    {
        try
        {
            return Find(line);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private BrokerRefusal? Find(string line)
    {
        if (Connection().Match(line) is { Success: true } connection)
        {
            _newest = connection.Groups[1].Value;
            return null;
        }
        if (Handshake().Match(line) is { Success: true } handshake) return new BrokerRefusal(_newest, handshake.Groups[1].Value);
        if (Denied().Match(line) is { Success: true } denied) return new BrokerRefusal(denied.Groups[1].Value, $"may not publish on {denied.Groups[2].Value}");
        if (Failed().Match(line) is { Success: true } failed) return new BrokerRefusal(failed.Groups[1].Value, failed.Groups[2].Value);
        return Ended().Match(line) is { Success: true } ended ? new BrokerRefusal(ended.Groups[1].Value == "<unknown>" ? _newest : ended.Groups[1].Value, ended.Groups[2].Value) : null;
    }

    [GeneratedRegex(@"New connection from ([0-9a-fA-F.:]+?)(?::\d+)? on port", RegexOptions.None, 100)]
    private static partial Regex Connection();

    // The reason that matters is behind the last colon: "error:0A000086:SSL routines::certificate verify failed".
    [GeneratedRegex(@"OpenSSL Error\[\d+\]: .*:([^:]+)$", RegexOptions.None, 100)]
    private static partial Regex Handshake();

    // Only with log_type debug, which costs a line a message.
    [GeneratedRegex(@"Denied PUBLISH from (\S+) \(.*?'([^']*)'", RegexOptions.None, 100)]
    private static partial Regex Denied();

    [GeneratedRegex(@"Client connection from (\S+) (?:failed: .*?:?([^:]+)\.|denied(.*))$", RegexOptions.None, 100)]
    private static partial Regex Failed();

    [GeneratedRegex(@"Client (\S+) (?:disconnected due to|disconnected,|disconnected: (?=not authorised|oversize|packet too large)) ?((?:protocol error|oversize packet|not authorised|malformed packet|packet too large).*?)\.?$", RegexOptions.IgnoreCase, 100)]
    private static partial Regex Ended();
}

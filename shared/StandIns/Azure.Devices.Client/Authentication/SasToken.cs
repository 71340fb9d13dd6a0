using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.Azure.Devices.Client;

/// <summary>A shared access signature: HMAC-SHA256 of the resource and the time it ends, in seconds of Unix time.</summary>
internal sealed class SasToken(string hostName, string deviceId, string key, TimeSpan timeToLive, int renewalPercent)
{
    private static readonly TimeSpan DefaultTimeToLive = TimeSpan.FromHours(1);
    private const int DefaultRenewalPercent = 15;

    private readonly TimeSpan _timeToLive = timeToLive > TimeSpan.Zero ? timeToLive : DefaultTimeToLive;
    private readonly int _renewalPercent = renewalPercent > 0 ? renewalPercent : DefaultRenewalPercent;
    private readonly Lock _lock = new();
    private DateTimeOffset _renewAt;
    private string _token = "";

    /// <summary>The one there is, or a new one when that is about to end.</summary>
    public string Current()
    {
        lock (_lock)
        {
            var now = DateTimeOffset.UtcNow;
            if (now < _renewAt) return _token;
            _token = Make($"{hostName}/devices/{WebUtility.UrlEncode(deviceId)}", key, now + _timeToLive);
            _renewAt = now + (_timeToLive * (1 - (_renewalPercent / 100.0)));
            return _token;
        }
    }

    /// <param name="key">Base64.</param>
    /// <param name="keyName">Of a policy; null for a device's own key.</param>
    public static string Make(string target, string key, DateTimeOffset until, string? keyName = null)
    {
        var audience = WebUtility.UrlEncode(target);
        var expiry = until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes($"{audience}\n{expiry}")));
        return $"SharedAccessSignature sr={audience}&sig={WebUtility.UrlEncode(signature)}&se={expiry}{(keyName is null ? "" : "&skn=" + WebUtility.UrlEncode(keyName))}";
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>Posts signed CloudEvents. Any 2xx is a receipt.</summary>
internal sealed class WebhookChannel(IOptions<FleetOptions> options, INameResolver names, TimeProvider time) : IAlertChannel, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly HttpClient _http = GuardedHttp.Create(new AddressRule(AlertOptions.Networks(options.Value)), names, Patience);

    public async Task<DeliveryResult> DeliverAsync(Channel channel, Parcel parcel, CancellationToken cancel)
    {
        if (AddressRule.Refusal(channel.Settings.Url) is { } refusal) return new DeliveryResult(false, refusal, IsFinal: true);
        if (!WebhookSignature.TryRead(channel.Secret, out var key)) return new DeliveryResult(false, "The channel has no secret to sign with: give it one.", IsFinal: true);
        var body = CloudEvent.Write(parcel.Id, AlertOptions.FleetUrl(options.Value), parcel.MadeAt, parcel.Notification);
        var now = time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, channel.Settings.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(CloudEvent.ContentType) { CharSet = "utf-8" };
        request.Headers.UserAgent.ParseAdd("cvops-fleet/1");
        request.Headers.Add(WebhookSignature.IdHeader, parcel.Id);
        // Of this try, not of the alert: a receiver refuses what is older than some minutes, so that nobody can play it again.
        request.Headers.Add(WebhookSignature.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(key, parcel.Id, now, body));
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return Of(answer);
        }
        catch (HttpRequestException e) when (e.InnerException is AddressRefusedException refused)
        {
            return new DeliveryResult(false, refused.Message);
        }
        catch (HttpRequestException e)
        {
            return new DeliveryResult(false, $"It cannot be reached: {e.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new DeliveryResult(false, $"It did not answer within {Patience.TotalSeconds:0} s.");
        }
    }

    public void Dispose() => _http.Dispose();

    // What it answers is never shown: an address that should not have been reachable would be read through it.
    private DeliveryResult Of(HttpResponseMessage answer) => (int)answer.StatusCode switch
    {
        >= 200 and < 300 => new(true, $"It answered {(int)answer.StatusCode}."),
        >= 300 and < 400 => new(false, $"It answered {(int)answer.StatusCode}: redirects are not followed, name the address itself."),
        410 => new(false, "It answered 410: nobody listens there any more.", IsFinal: true),
        _ => new(false, $"It answered {(int)answer.StatusCode}.", Wait: WaitOf(answer)),
    };

    private TimeSpan? WaitOf(HttpResponseMessage answer)
    {
        if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return null;
        var wait = answer.Headers.RetryAfter?.Delta ?? answer.Headers.RetryAfter?.Date - time.GetUtcNow();
        return wait is { } asked && asked > TimeSpan.Zero ? asked < LongestWait ? asked : LongestWait : null;
    }
}

using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>Letters through the operator's mail server, one conversation a letter.</summary>
internal sealed class EmailChannel(IOptions<FleetOptions> options) : IAlertChannel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<DeliveryResult> DeliverAsync(Channel channel, Parcel parcel, CancellationToken cancel)
    {
        if (options.Value.Smtp is not { } smtp) return new DeliveryResult(false, NoServer);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            var letter = Letter.Write(smtp.From, channel.Settings.To, parcel.Notification.Title, AlertWords.Letter(parcel.Notification), parcel.Id, parcel.MadeAt);
            using var talk = await SmtpConversation.BeginAsync(smtp, patience.Token);
            return new DeliveryResult(true, $"{smtp.Host} has it: {await talk.SendAsync(smtp.From, channel.Settings.To, letter, patience.Token)}");
        }
        catch (SmtpException e)
        {
            return new DeliveryResult(false, e.Message, e.IsFinal);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            return new DeliveryResult(false, $"{smtp.Host}:{smtp.Port} cannot be spoken to: {e.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new DeliveryResult(false, $"{smtp.Host}:{smtp.Port} did not answer within {Patience.TotalSeconds:0} s.");
        }
    }

    public const string NoServer = "The fleet knows no mail server: set Fleet__Smtp__Host, Fleet__Smtp__From and what else it needs (cvops-fleet --help), and start it anew.";
}

using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet;

/// <summary>Looks before the host starts at what would end it with a page of stack trace.</summary>
internal static class StartCheck
{
    /// <returns>Why the fleet cannot start, in a sentence that says what to do; null when nothing is in its way.</returns>
    public static string? Problem(WebApplication app, FleetOptions options)
    {
        try
        {
            // Opened here, kept by the container.
            _ = app.Services.GetRequiredService<Database>();
        }
        catch (DataInUseException e)
        {
            return $"{e.Message} Stop it, or name another folder with --data.";
        }
        catch (Exception e) when (e is InvalidDataException or DbException)
        {
            return $"Its database in {options.Data} cannot be used: {e.Message} Restore a backup, or name another folder with --data.";
        }
        var address = new Uri(options.Http);
        if (!IPAddress.TryParse(address.Host, out var ip) && !address.IsLoopback) return null;
        using var socket = new TcpListener(ip ?? IPAddress.Loopback, address.Port);
        try
        {
            socket.Start();
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return $"Another program listens on {options.Http}: stop it, or choose another port with --http.";
        }
        catch (SocketException e)
        {
            return $"It cannot listen on {options.Http}: {e.Message}. Choose another address with --http.";
        }
    }
}

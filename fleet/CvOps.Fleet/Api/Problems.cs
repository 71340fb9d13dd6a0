using CvOps.Fleet.Storage;
using Microsoft.AspNetCore.Diagnostics;

namespace CvOps.Fleet.Api;

/// <summary>Problem details (RFC 9457); the detail says what to do.</summary>
internal static partial class Problems
{
    /// <param name="what">device, model, frame...</param>
    public static IResult NotFound(string what, string id) =>
        Results.Problem($"There is no {what} '{id}'. Ask for the list to see which there are.", statusCode: 404, title: $"No such {what}");

    public static IResult Conflict(string detail) => Results.Problem(detail, statusCode: 409, title: "Not in this state");

    public static IResult Unprocessable(string detail) => Results.Problem(detail, statusCode: 422, title: "Refused");

    /// <summary>Four eyes are asked for, and these are not the second pair.</summary>
    public static IResult Alone(string detail) => Results.Problem(detail, statusCode: 403, title: "A second person is needed");

    public static IResult BadRequest(string detail) => Results.Problem(detail, statusCode: 400, title: "Not understood");

    /// <summary>Turns what binding and handlers throw into problem details; a bug says its trace id and no more.</summary>
    public static Task HandleAsync(HttpContext http)
    {
        var failure = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        var result = failure switch
        {
            BadHttpRequestException bad => Results.Problem(bad.InnerException?.Message ?? bad.Message, statusCode: bad.StatusCode, title: "Not understood"),
            FormatException format => BadRequest(format.Message),
            BlobLostException lost => Results.Problem(lost.Message, statusCode: 500, title: "File lost"),
            _ => Results.Problem($"The fleet failed. Its log has the reason under trace {http.TraceIdentifier}.", statusCode: 500, title: "Internal error"),
        };
        if (failure is not (BadHttpRequestException or FormatException or null)) Log.RequestFailed(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems)), http.TraceIdentifier, failure);
        return result.ExecuteAsync(http);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3701, Level = LogLevel.Error, Message = "A request failed, trace {Trace}")]
        public static partial void RequestFailed(ILogger logger, string trace, Exception exception);
    }
}

using CvOps.Contracts.Api;
using Microsoft.AspNetCore.WebUtilities;

namespace CvOps.Fleet.Api.Manners;

/// <summary>Every refusal of the API as problem details, whatever the client accepts: also those that no handler made, such as a wrong method or address.</summary>
internal sealed class ApiProblemWriter : IProblemDetailsWriter
{
    private const string ContentType = "application/problem+json";

    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments(ApiRoutes.Root, StringComparison.OrdinalIgnoreCase);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        var status = problem.Status ??= http.Response.StatusCode;
        problem.Type ??= "about:blank";
        problem.Title ??= ReasonPhrases.GetReasonPhrase(status);
        problem.Detail ??= DetailOf(status, http);
        problem.Instance ??= http.Request.Path;
        problem.Extensions["traceId"] = http.TraceIdentifier;
        await http.Response.WriteAsJsonAsync(problem, options: null, ContentType, http.RequestAborted);
    }

    private static string DetailOf(int status, HttpContext http) => status switch
    {
        404 => $"There is nothing at {http.Request.Path}. The page /api lists every address.",
        405 => $"{http.Request.Path} takes {http.Response.Headers.Allow}, not {http.Request.Method}.",
        413 => "The body is longer than this address takes.",
        415 => $"This address does not take '{http.Request.ContentType}'. The page /api says what it takes.",
        _ => "The page /api says what this address takes and answers.",
    };
}
